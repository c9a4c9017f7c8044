package vm

import (
	"errors"
	"strconv"

	"go.starlark.net/starlark"
)

// A ForeignIter iterates over an iterable of an embedder's, which may have no
// end. An image has the iterable and how many elements were taken: a child
// takes as many again and drops them.
type ForeignIter struct {
	Of starlark.Iterable
	N  int // how many were taken

	it starlark.Iterator // nil in a child, until the next step
}

func (it *ForeignIter) String() string        { return "<iterator object>" }
func (it *ForeignIter) Type() string          { return "iterator" }
func (it *ForeignIter) Freeze()               {}
func (it *ForeignIter) Truth() starlark.Bool  { return true }
func (it *ForeignIter) Hash() (uint32, error) { return unhashable(it) }

// Next returns the next element, or nil at the end.
func (it *ForeignIter) Next(p *Process) (Value, error) {
	if it.Of == nil {
		return nil, nil
	}
	var v Value
	if it.it == nil {
		it.it = it.Of.Iterate()
		for range it.N {
			it.it.Next(&v)
		}
	}
	if it.it.Next(&v) {
		it.N++
		return v, nil
	}
	it.it.Done()
	it.Of, it.it = nil, nil
	return nil, nil
}

const foreignIterKind = "iterator"

// ImageKind returns the name of the constructor of an empty one.
func (it *ForeignIter) ImageKind() string { return foreignIterKind }

// Image returns the iterable and the number of elements that were taken.
func (it *ForeignIter) Image() (data []byte, refs []Value, err error) {
	if it.Of == nil {
		return nil, nil, nil
	}
	return strconv.AppendInt(nil, int64(it.N), 10), []Value{it.Of}, nil
}

// Restore fills an empty one.
func (it *ForeignIter) Restore(data []byte, refs []Value) (err error) {
	if len(refs) == 0 {
		return nil
	}
	of, ok := refs[0].(starlark.Iterable)
	if !ok {
		return errors.New("iterator over what is not iterable")
	}
	it.Of = of
	it.N, err = strconv.Atoi(string(data))
	return err
}
