package builtins

import (
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	stdencoding "encoding"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"hash/adler32"
	"hash/crc32"
	"math"
	"strings"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// What modules hashlib, base64, binascii and struct have in Go: functions from
// bytes to bytes. The state of a hash is bytes too, as Go marshals it.

const _binaryDoc = "What modules about bytes have in Go."

var _binaryRows = []row{
	{name: "hash_sizes", sig: "(name)", fn: hashSizes, doc: "Return how long the digest and the blocks of a hash are, or None if there is none of that name."},
	{name: "hash_update", sig: "(name, state, data)", fn: hashUpdate, doc: "Return the state of a hash after more data; None is the state at the start."},
	{name: "hash_digest", sig: "(name, state)", fn: hashDigest, doc: "Return the digest."},
	{name: "pbkdf2", sig: "(name, password, salt, iterations, length)", fn: hashPBKDF2, doc: "Return a key made of a password."},
	{name: "crc32", sig: "(data, value)", fn: checksum(func(v uint32, data []byte) uint32 { return crc32.Update(v, crc32.IEEETable, data) }), doc: "Return the CRC-32 of data that follows what has another."},
	{name: "adler32", sig: "(data)", fn: checksum(func(v uint32, data []byte) uint32 { return adler32.Checksum(data) }), doc: "Return the Adler-32 checksum."},
	{name: "base64_encode", sig: "(data)", fn: encodeWith(base64.StdEncoding), doc: "Return data in base 64."},
	{name: "base64_decode", sig: "(data)", fn: decodeWith(base64.StdEncoding), doc: "Return the data that is so in base 64, or None."},
	{name: "base32_encode", sig: "(data)", fn: encodeWith(base32.StdEncoding), doc: "Return data in base 32."},
	{name: "base32_decode", sig: "(data)", fn: decodeWith(base32.StdEncoding), doc: "Return the data that is so in base 32, or None."},
	{name: "pack", sig: "(order, kind, value)", fn: packValue, doc: "Return a number as bytes."},
	{name: "unpack", sig: "(order, kind, data)", fn: unpackValue, doc: "Return the number that bytes are."},
}

func _binaryModule() *vm.Module {
	return newModule("_binary", _binaryDoc, functions("_binary", _binaryRows), nil)
}

// hashes by CPython's names.
var hashes = map[string]func() hash.Hash{
	"md5": md5.New, "sha1": sha1.New,
	"sha224": sha256.New224, "sha256": sha256.New,
	"sha384": sha512.New384, "sha512": sha512.New,
	"sha3_224": func() hash.Hash { return sha3.New224() }, "sha3_256": func() hash.Hash { return sha3.New256() },
	"sha3_384": func() hash.Hash { return sha3.New384() }, "sha3_512": func() hash.Hash { return sha3.New512() },
}

func hashSizes(p *vm.Process, a []vm.Value) (vm.Value, error) {
	name, _ := starlark.AsString(a[0])
	make := hashes[name]
	if make == nil {
		return starlark.None, nil
	}
	h := make()
	return starlark.Tuple{starlark.MakeInt(h.Size()), starlark.MakeInt(h.BlockSize())}, nil
}

// hashOf returns a hash in a state.
func hashOf(name, state vm.Value) (hash.Hash, error) {
	s, _ := starlark.AsString(name)
	make := hashes[s]
	if make == nil {
		return nil, vm.Raise(vm.ValueError, "unsupported hash type %s", s)
	}
	h := make()
	if state == starlark.None {
		return h, nil
	}
	data, err := asBytes(state)
	if err != nil {
		return nil, err
	}
	return h, h.(stdencoding.BinaryUnmarshaler).UnmarshalBinary(data)
}

func hashUpdate(p *vm.Process, a []vm.Value) (vm.Value, error) {
	h, err := hashOf(a[0], a[1])
	if err != nil {
		return nil, err
	}
	data, err := asBytes(a[2])
	if err != nil {
		return nil, err
	}
	h.Write(data)
	state, err := h.(stdencoding.BinaryMarshaler).MarshalBinary()
	return starlark.Bytes(state), err
}

func hashDigest(p *vm.Process, a []vm.Value) (vm.Value, error) {
	h, err := hashOf(a[0], a[1])
	if err != nil {
		return nil, err
	}
	return starlark.Bytes(h.Sum(nil)), nil
}

func hashPBKDF2(p *vm.Process, a []vm.Value) (vm.Value, error) {
	name, _ := starlark.AsString(a[0])
	if hashes[name] == nil {
		return nil, vm.Raise(vm.ValueError, "unsupported hash type %s", name)
	}
	password, err := asBytes(a[1])
	if err != nil {
		return nil, err
	}
	salt, err := asBytes(a[2])
	if err != nil {
		return nil, err
	}
	iterations, err := asInt(a[3])
	if err != nil {
		return nil, err
	}
	length, err := asInt(a[4])
	if err != nil {
		return nil, err
	}
	if iterations < 1 || length < 1 {
		return nil, vm.Raise(vm.ValueError, "iterations and the length of the key must be greater than 0")
	}
	key, err := pbkdf2.Key(hashes[name], string(password), salt, iterations, length)
	return starlark.Bytes(key), err
}

func checksum(sum func(uint32, []byte) uint32) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		data, err := asBytes(a[0])
		if err != nil {
			return nil, err
		}
		var start uint32
		if v := arg(a, 1); v != nil {
			i, err := asInteger(v)
			if err != nil {
				return nil, err
			}
			n, _ := i.Uint64()
			start = uint32(n)
		}
		return starlark.MakeUint(uint(sum(start, data))), nil
	}
}

// A textEncoding is a base64.Encoding or a base32.Encoding.
type textEncoding interface {
	EncodeToString([]byte) string
	DecodeString(string) ([]byte, error)
}

func encodeWith(e textEncoding) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		data, err := asBytes(a[0])
		return starlark.Bytes(e.EncodeToString(data)), err
	}
}

func decodeWith(e textEncoding) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		data, err := asBytes(a[0])
		if err != nil {
			return nil, err
		}
		out, err := e.DecodeString(string(data))
		if err != nil {
			return starlark.None, nil
		}
		return starlark.Bytes(out), nil
	}
}

// numberSizes are the sizes of module struct's numbers, as they are between machines.
var numberSizes = map[byte]int{'b': 1, 'B': 1, '?': 1, 'h': 2, 'H': 2, 'i': 4, 'I': 4, 'l': 4, 'L': 4, 'q': 8, 'Q': 8, 'n': 8, 'N': 8, 'P': 8, 'f': 4, 'd': 8}

// numberFormat takes the arguments order, which is ">" or "<", and kind; an l in an order of two is as long as the machine's.
func numberFormat(a []vm.Value) (order binary.ByteOrder, kind byte, size int) {
	name, _ := starlark.AsString(a[0])
	letter, _ := starlark.AsString(a[1])
	order = binary.LittleEndian
	if name[0] == '>' {
		order = binary.BigEndian
	}
	kind = letter[0]
	size = numberSizes[kind]
	if len(name) == 2 && (kind == 'l' || kind == 'L') {
		size = 8
	}
	return order, kind, size
}

// packValue checks the range as Modules/_struct.c does, with its messages.
func packValue(p *vm.Process, a []vm.Value) (vm.Value, error) {
	order, kind, size := numberFormat(a)
	var b [8]byte
	switch kind {
	case '?':
		return starlark.Bytes(map[bool]string{true: "\x01", false: "\x00"}[bool(a[2].Truth())]), nil
	case 'f', 'd':
		f, err := asFloat(a[2])
		if err != nil {
			return nil, vm.Raise(vm.TypeError, "required argument is not a float")
		}
		if kind == 'd' {
			order.PutUint64(b[:], math.Float64bits(f))
			return starlark.Bytes(b[:8]), nil
		}
		if math.IsInf(float64(float32(f)), 0) && !math.IsInf(f, 0) {
			return nil, vm.Raise(vm.OverflowError, "float too large to pack with f format")
		}
		order.PutUint32(b[:], math.Float32bits(float32(f)))
		return starlark.Bytes(b[:4]), nil
	}
	i, err := asInteger(a[2])
	if err != nil {
		return nil, vm.Raise(vm.TypeError, "required argument is not an integer")
	}
	bits := uint(8 * size)
	signed := strings.IndexByte("bhilqn", kind) >= 0
	least, most := starlark.MakeInt(0), starlark.MakeInt(1).Lsh(bits).Sub(starlark.MakeInt(1))
	if signed {
		least, most = starlark.MakeInt(-1).Lsh(bits-1), starlark.MakeInt(1).Lsh(bits-1).Sub(starlark.MakeInt(1))
	}
	if i.BigInt().Cmp(least.BigInt()) < 0 || i.BigInt().Cmp(most.BigInt()) > 0 {
		name := map[byte]string{'b': "byte", 'B': "ubyte", 'h': "short", 'H': "ushort"}[kind]
		if name == "" {
			name = "'" + string(kind) + "'"
		}
		return nil, vm.Raise(vm.ValueError, "%s format requires %s <= number <= %s", name, least, most)
	}
	n, ok := i.Uint64()
	if !ok {
		negative, _ := i.Int64()
		n = uint64(negative)
	}
	if order == binary.BigEndian {
		n <<= 64 - bits
	}
	order.PutUint64(b[:], n)
	return starlark.Bytes(b[:size]), nil
}

func unpackValue(p *vm.Process, a []vm.Value) (vm.Value, error) {
	order, kind, size := numberFormat(a)
	data, err := asBytes(a[2])
	if err != nil || len(data) != size {
		return nil, vm.Raise(vm.ValueError, "unpack: %d bytes for '%c'", len(data), kind)
	}
	var b [8]byte
	if order == binary.BigEndian {
		copy(b[8-size:], data)
	} else {
		copy(b[:], data)
	}
	n := order.Uint64(b[:])
	switch {
	case kind == '?':
		return starlark.Bool(n != 0), nil
	case kind == 'f':
		return starlark.Float(math.Float32frombits(uint32(n))), nil
	case kind == 'd':
		return starlark.Float(math.Float64frombits(n)), nil
	case strings.IndexByte("bhilqn", kind) >= 0:
		shift := 64 - 8*size
		return starlark.MakeInt64(int64(n<<shift) >> shift), nil
	}
	return starlark.MakeUint64(n), nil
}
