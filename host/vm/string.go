package vm

import (
	"strconv"
	"unsafe"

	"go.starlark.net/starlark"
)

// How strings are made. A starlark.String in an interface is two objects: a header of two words, which the
// interface points to, and the bytes. The allocator's price for them is most of what a short string costs,
// so a short one lies with its neighbours in a chunk, header and bytes. [strings of 5 to 20 bytes: 2.3 times as fast]
//
// What is in a chunk never changes once NewString's caller has filled it in, and holds no pointers but those of
// the headers to the bytes beside them: whatever lives on keeps its chunk alive, and nothing else.
type stringChunk struct {
	heads [8]string
	bytes [128]byte // 256 in all, as a chunk of floats
}

// shortString is how many bytes a string in a chunk may have.
const shortString = 32

// string returns a new string of n bytes, which are zero for now, and them.
func (b *boxes) string(n int) (Value, []byte) {
	c := b.strings
	if c == nil || b.usedStrings == len(c.heads) || b.usedBytes+n > len(c.bytes) {
		c = new(stringChunk)
		b.strings, b.usedStrings, b.usedBytes = c, 0, 0
	}
	bytes := c.bytes[b.usedBytes : b.usedBytes+n : b.usedBytes+n]
	head := &c.heads[b.usedStrings]
	*head = unsafe.String(unsafe.SliceData(bytes), n)
	b.usedStrings++
	b.usedBytes += n
	return stringAt(head), bytes
}

// stringAt returns the string of a header that does not change any more.
func stringAt(head *string) Value {
	var v Value
	*wordsOf(&v) = words{stringTab, unsafe.Pointer(head)}
	return v
}

// NewString returns a string of n bytes, and them: the caller fills them in before anybody
// else sees the string, and forgets them.
func (p *Process) NewString(n int) (Value, []byte) {
	if n <= shortString {
		return p.boxes.string(n)
	}
	bytes := make([]byte, n)
	return starlark.String(unsafe.String(unsafe.SliceData(bytes), n)), bytes
}

// NewBytes is NewString for bytes.
func NewBytes(n int) (Value, []byte) {
	bytes := make([]byte, n)
	return starlark.Bytes(unsafe.String(unsafe.SliceData(bytes), n)), bytes
}

// MakeString returns a string. A short one is copied, so that it keeps no longer one alive which it is a part of.
func (p *Process) MakeString(s string) Value {
	if len(s) > shortString {
		return starlark.String(s)
	}
	return p.boxes.copyString(s)
}

// StringOf returns a string of a copy of b.
func (p *Process) StringOf(b []byte) Value {
	if len(b) > shortString {
		return starlark.String(b)
	}
	return p.boxes.copyString(unsafe.String(unsafe.SliceData(b), len(b)))
}

// copyString returns a string of a copy of s, which is short.
func (b *boxes) copyString(s string) Value {
	switch len(s) {
	case 0:
		return emptyString
	case 1:
		return oneByte[s[0]]
	}
	v, bytes := b.string(len(s))
	copy(bytes, s)
	return v
}

var emptyString Value = starlark.String("")

// oneByte holds the strings of one byte, so that characters of a string are not allocated.
var oneByte = func() (table [256]Value) {
	for i := range table {
		table[i] = starlark.String([]byte{byte(i)})
	}
	return table
}()

// Decimal returns the digits of an int.
func (p *Process) Decimal(i int64) Value {
	var buf [20]byte
	return p.StringOf(strconv.AppendInt(buf[:0], i, 10))
}

// join returns x + y, whose values are a and b.
func (p *Process) join(x, y Value, a, b string) Value {
	switch n := len(a) + len(b); {
	case a == "":
		return y
	case b == "":
		return x
	case n <= shortString:
		v, bytes := p.boxes.string(n)
		copy(bytes, a)
		copy(bytes[len(a):], b)
		return v
	}
	return p.text.join(a, b)
}

// concat returns strings put together.
func (p *Process) concat(parts []Value) Value {
	n := 0
	for _, s := range parts {
		n += len(s.(starlark.String))
	}
	v, bytes := p.NewString(n)
	for _, s := range parts {
		bytes = bytes[copy(bytes, s.(starlark.String)):]
	}
	return v
}

// text is the string that the last concatenation made, and room behind it. A script that
// builds a long string by += appends to the same one again and again; so the bytes are copied once
// for each doubling, not once for each +=. No string changes: what is appended lies behind the end of all
// that share the bytes. [a string of 500 bytes, built a byte at a time: 3 times as fast]
type text struct {
	buf   []byte
	heads []string // headers for strings that share buf; all of a block do, so none keeps more alive than its bytes
}

// join returns a + b, neither of which is empty.
func (t *text) join(a, b string) Value {
	n := len(a) + len(b)
	last := len(t.buf) == len(a) && unsafe.SliceData(t.buf) == unsafe.StringData(a)
	switch {
	case !last:
		t.buf, t.heads = append(make([]byte, 0, n), a...), make([]string, 1)
	case n > cap(t.buf): // it was appended to before, and will be again
		t.buf, t.heads = append(make([]byte, 0, 2*n), a...), nil
	}
	t.buf = append(t.buf, b...)
	if len(t.heads) == 0 {
		t.heads = make([]string, 8)
	}
	head := &t.heads[0]
	t.heads = t.heads[1:]
	*head = unsafe.String(unsafe.SliceData(t.buf), n)
	return stringAt(head)
}
