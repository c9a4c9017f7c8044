// Package image writes the state of a process to bytes, and reads it back in
// another process of the same executable.
//
// # Format
//
// An image is a magic number, a payload, and a trailer (the payload's length
// and CRC-32). The payload is a sequence of references and bodies. A reference is a
// tag byte and what the tag calls for: a scalar is all there; an object that
// was met before is its number; an object met for the first time takes the next
// number, and its tag is its kind. Kinds that the decoder must allocate with a
// size, or can make at once, carry that right behind the tag (the preamble).
// The others have a body, and bodies follow in the order of the objects'
// numbers, so the encoder keeps a queue and no Go stack grows with the depth of
// the data, and the decoder can allocate every object, empty, the moment it
// is first referred to: sharing and cycles need nothing more.
//
// # What travels
//
// What the continuation can reach: the frames and, of each, the registers that
// compile.Code.Depth calls live; and of a module's globals those that a
// reachable code names (GlobalRefs). A module that is a value somewhere, or whose
// code names globals() or the like, travels whole, and so do all imported
// script modules. What the host provides travels as its name.
//
// # Invariants
//
//   - The same state gives the same bytes, and encoding what was decoded gives
//     them again.
//   - Encoding changes nothing in the process.
//   - Decoding bytes of any content returns an error or a process; it does not
//     panic and does not allocate more than the bytes can account for. That the
//     bytecode is sound is not checked: the checksum is there against accidents, and images
//     come from this very program.
//   - Strings of a decoded process point into the image, which must therefore
//     stay in memory, unchanged, as long as the process lives.
package image

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"mpstar/host/vm"
)

const (
	magic       = "mpstar\x00\x01"
	trailerSize = 8 + 4
)

// Encode writes the state of p. If result is not nil, the instruction under
// way in the top frame counts as done, with that result: the state in which os.fork leaves the child.
func Encode(w io.Writer, p *vm.Process, result vm.Value) error {
	e := newEncoder(w, p.Reg)
	e.process(p, result)
	return e.finish()
}

// EncodeCall writes the state of a process like p that has nothing to do but
// fn(*args): nothing of what p is doing travels, but of __main__ all that a message to the process may
// need does, see namable. fn takes
// just these arguments, by position. Of Process.State all travels but the keys in without.
func EncodeCall(w io.Writer, p *vm.Process, fn *vm.Function, args []vm.Value, without ...string) error {
	e := newEncoder(w, p.Reg)
	e.call(p, fn, args, without)
	return e.finish()
}

// Decode makes the state in data that of p, a process with nothing to run yet
// and the registry that the state was encoded with. The process keeps pointers into data.
func Decode(data []byte, p *vm.Process) error {
	payload, err := check(data)
	if err != nil {
		return err
	}
	d := newDecoder(payload, p.Reg)
	d.process(p)
	return d.finish()
}

// EncodeValue writes one value and all that it reaches.
func EncodeValue(w io.Writer, reg *vm.Registry, v vm.Value) error {
	e := newEncoder(w, reg)
	e.ref(v)
	e.drain()
	return e.finish()
}

// DecodeValue reads what EncodeValue wrote. The value keeps pointers into data.
func DecodeValue(data []byte, reg *vm.Registry) (vm.Value, error) {
	payload, err := check(data)
	if err != nil {
		return nil, err
	}
	d := newDecoder(payload, reg)
	v := d.ref()
	d.drain()
	return v, d.finish()
}

// Dump writes a listing of the objects in an image, which must be one of a
// process: their numbers, kinds, and where in the payload their bodies begin.
func Dump(w io.Writer, data []byte, reg *vm.Registry) error {
	payload, err := check(data)
	if err != nil {
		return err
	}
	d := newDecoder(payload, reg)
	d.trace = func(number int, k kind, offset int) {
		fmt.Fprintf(w, "%8d  %-10s at %d\n", number, kinds[k].name, offset)
	}
	d.process(vm.NewProcess(reg))
	return d.finish()
}

// A sealer writes a payload between magic and trailer.
type sealer struct {
	w   io.Writer
	n   uint64
	crc uint32
}

func newSealer(w io.Writer) *sealer { return &sealer{w: w} }

func (s *sealer) write(b []byte) error {
	if s.n == 0 {
		if _, err := io.WriteString(s.w, magic); err != nil {
			return err
		}
	}
	s.n += uint64(len(b))
	s.crc = crc32.Update(s.crc, crc32.IEEETable, b)
	_, err := s.w.Write(b)
	return err
}

func (s *sealer) seal() error {
	trailer := binary.LittleEndian.AppendUint64(nil, s.n)
	_, err := s.w.Write(binary.LittleEndian.AppendUint32(trailer, s.crc))
	return err
}

// errDamaged is the error for bytes that no Encode has written.
var errDamaged = errors.New("image: damaged")

// check returns the payload of an image.
func check(data []byte) ([]byte, error) {
	if len(data) < len(magic)+trailerSize || string(data[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: no image of this version begins like this", errDamaged)
	}
	payload := data[len(magic) : len(data)-trailerSize]
	trailer := data[len(data)-trailerSize:]
	if n := binary.LittleEndian.Uint64(trailer); n != uint64(len(payload)) {
		return nil, fmt.Errorf("%w: it has %d bytes where it says %d", errDamaged, len(payload), n)
	}
	if crc32.ChecksumIEEE(payload) != binary.LittleEndian.Uint32(trailer[8:]) {
		return nil, fmt.Errorf("%w: the checksum is wrong", errDamaged)
	}
	return payload, nil
}
