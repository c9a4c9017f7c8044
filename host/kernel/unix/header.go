//go:build linux && (amd64 || arm64)

package unix

import (
	"encoding/binary"
	"errors"
	"strings"
)

// A header stands before the image in a child's memfd and carries what the
// kernel itself must know. Numbers are little endian:
//
//	magic u64, length u32 (of the header, padded to 8),
//	table fd u32, slots u32, lot fd u32, slot fd u32, slot u32, process group u32, umask u32,
//	seen u64, caught u64, ignored u64, blocked u64,
//	comm, environment separated by 0 bytes: each length u32 and bytes,
//	descriptors: count u32, each number u32 kind u8 cloexec u8
type header struct {
	tableFd, slots, lot, slotFd, slot int
	group, umask                      int
	seen, files                       uint64 // files is the soft limit of descriptors
	caught, ignored, blocked          sigset
	comm                              string
	env                               []string
	fds                               fdTable
}

const headerMagic = 0x314b_7261_7473_706d // "mpstarK1"

var errHeader = errors.New("unix: malformed fork header")

var le = binary.LittleEndian

func (h *header) encode() []byte {
	b := make([]byte, 12, 256)
	for _, n := range []int{h.tableFd, h.slots, h.lot, h.slotFd, h.slot, h.group, h.umask} {
		b = le.AppendUint32(b, uint32(n))
	}
	for _, n := range []uint64{h.seen, h.files, uint64(h.caught), uint64(h.ignored), uint64(h.blocked)} {
		b = le.AppendUint64(b, n)
	}
	for _, s := range []string{h.comm, strings.Join(h.env, "\x00")} {
		b = le.AppendUint32(b, uint32(len(s)))
		b = append(b, s...)
	}
	at, count := len(b), 0
	b = le.AppendUint32(b, 0)
	for fd, e := range h.fds {
		if e.kind == closed {
			continue
		}
		b = le.AppendUint32(b, uint32(fd))
		b = append(b, byte(e.kind), boolByte(e.cloexec))
		count++
	}
	le.PutUint32(b[at:], uint32(count))
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	le.PutUint64(b, headerMagic)
	le.PutUint32(b[8:], uint32(len(b)))
	return b
}

// decodeHeader returns the header and what follows it: the image.
func decodeHeader(b []byte) (h header, image []byte, err error) {
	if len(b) < 12 || le.Uint64(b) != headerMagic {
		return h, nil, errHeader
	}
	n := int(le.Uint32(b[8:]))
	if n < 12 || n > len(b) {
		return h, nil, errHeader
	}
	r := reader{b: b[12:n]}
	for _, p := range []*int{&h.tableFd, &h.slots, &h.lot, &h.slotFd, &h.slot, &h.group, &h.umask} {
		*p = int(r.u32())
	}
	h.seen, h.files = r.u64(), r.u64()
	for _, p := range []*sigset{&h.caught, &h.ignored, &h.blocked} {
		*p = sigset(r.u64())
	}
	h.comm = string(r.take(int(r.u32())))
	if env := string(r.take(int(r.u32()))); env != "" {
		h.env = strings.Split(env, "\x00")
	}
	for count := r.u32(); count > 0 && !r.bad; count-- {
		fd := int(r.u32())
		h.fds.set(fd&0xffffff, fdEntry{kind: fdKind(r.u8()), cloexec: r.u8() != 0})
	}
	if r.bad {
		return h, nil, errHeader
	}
	return h, b[n:], nil
}

// reader takes values off the front of b; past its end it is bad and gives zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.bad = true
		return make([]byte, min(n, 8))
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

func (r *reader) u8() byte    { return r.take(1)[0] }
func (r *reader) u32() uint32 { return le.Uint32(r.take(4)) }
func (r *reader) u64() uint64 { return le.Uint64(r.take(8)) }

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}
