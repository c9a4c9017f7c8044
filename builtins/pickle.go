package builtins

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	"mpstar/host/image"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// What module pickle has in Go. A pickle's bytes are a magic number, the number of the format, the length of the
// payload, its CRC-32, and the payload, which is package image's.

const _pickleDoc = "What module pickle has in Go."

var _pickleRows = []row{
	{name: "dump", sig: "(obj, reductions)", fn: pickleDump, doc: "Return obj as bytes and a list of the instances that lack a reduction. reductions is a list of pairs: an instance, and what is written of it."},
	{name: "rest", sig: "(header)", fn: pickleRest, doc: "Return how many bytes follow the first header_size of a pickle, which these are."},
	{name: "load", sig: "(data)", fn: pickleLoad, doc: "Return the object, and the reductions, the instances of which are still empty."},
	{name: "become", sig: "(instance, other)", fn: pickleBecome, doc: "Give an instance the attributes of another, and its class."},
}

func _pickleModule() *vm.Module {
	return newModule("_pickle", _pickleDoc, functions("_pickle", _pickleRows), []constant{
		{"header_size", starlark.MakeInt(pickleHeader)},
	})
}

const (
	pickleMagic  = "mpstar\x00P"
	pickleHeader = len(pickleMagic) + 4 + 8 + 4
)

func pickleDump(p *vm.Process, a []vm.Value) (vm.Value, error) {
	var reductions []image.Reduction
	for _, pair := range vm.Elems(a[1].(*starlark.List)) {
		pair := pair.(starlark.Tuple)
		reductions = append(reductions, image.Reduction{Of: pair[0].(*vm.Instance), As: pair[1]})
	}
	buf, missing, err := image.AppendPickle(make([]byte, pickleHeader), p, a[0], reductions)
	if err != nil {
		return nil, cannotPickle(err)
	}
	payload := buf[pickleHeader:]
	header := append(buf[:0], pickleMagic...)
	header = binary.LittleEndian.AppendUint32(header, image.PickleFormat())
	header = binary.LittleEndian.AppendUint64(header, uint64(len(payload)))
	binary.LittleEndian.AppendUint32(header, crc32.ChecksumIEEE(payload))
	found := make([]vm.Value, len(missing))
	for i, x := range missing {
		found[i] = x
	}
	return starlark.Tuple{starlark.Bytes(buf), starlark.NewList(found)}, nil
}

// cannotPickle words the error for a value that no pickle has, as Modules/_pickle.c does.
func cannotPickle(err error) error {
	var uncopyable *image.UncopyableError
	if !errors.As(err, &uncopyable) {
		return err
	}
	var module, name string
	switch v := uncopyable.Value.(type) {
	case *vm.Function:
		module, name = v.Proto.Module.Name, v.Proto.Code.QualName
	case *vm.Class:
		module, name = v.Module, v.QualName
	default:
		return vm.Raise(vm.TypeError, "cannot pickle '%s' object", vm.TypeName(v))
	}
	if strings.Contains(name, "<locals>") {
		return vm.Raise(vm.AttributeError, "Can't pickle local object '%s'", name)
	}
	return vm.Raise(vm.ValueError, "Can't pickle %s: attribute lookup %s on %s failed", vm.Repr(uncopyable.Value), name, module)
}

func pickleRest(p *vm.Process, a []vm.Value) (vm.Value, error) {
	header, err := asBytes(a[0])
	if err != nil {
		return nil, err
	}
	n, err := pickleSize(header)
	return starlark.MakeInt(n), err
}

// pickleSize returns the length of the payload behind a header.
func pickleSize(header []byte) (int, error) {
	switch {
	case len(header) < pickleHeader:
		return 0, vm.Raise(vm.ValueError, "pickle data was truncated")
	case string(header[:len(pickleMagic)]) != pickleMagic:
		return 0, vm.Raise(vm.ValueError, "these bytes are no pickle of mpstar")
	}
	header = header[len(pickleMagic):]
	if binary.LittleEndian.Uint32(header) != image.PickleFormat() {
		return 0, vm.Raise(vm.ValueError, "another version of mpstar has made this pickle")
	}
	n := binary.LittleEndian.Uint64(header[4:])
	if n > 1<<40 {
		return 0, vm.Raise(vm.ValueError, "pickle data was damaged")
	}
	return int(n), nil
}

func pickleLoad(p *vm.Process, a []vm.Value) (vm.Value, error) {
	data, err := asBytes(a[0])
	if err != nil {
		return nil, err
	}
	n, err := pickleSize(data)
	if err != nil {
		return nil, err
	}
	payload := data[pickleHeader:]
	if len(payload) < n {
		return nil, vm.Raise(vm.ValueError, "pickle data was truncated")
	}
	payload = payload[:n]
	if crc32.ChecksumIEEE(payload) != binary.LittleEndian.Uint32(data[pickleHeader-4:]) {
		return nil, vm.Raise(vm.ValueError, "pickle data was damaged")
	}
	v, reductions, err := image.DecodePickle(payload, p)
	if err != nil {
		var raised *vm.Exception
		if errors.As(err, &raised) {
			return nil, err
		}
		return nil, vm.Raise(vm.ValueError, "%s", fmt.Sprint(err))
	}
	pairs := make([]vm.Value, len(reductions))
	for i, r := range reductions {
		pairs[i] = starlark.Tuple{r.Of, r.As}
	}
	return starlark.Tuple{v, starlark.NewList(pairs)}, nil
}

func pickleBecome(p *vm.Process, a []vm.Value) (vm.Value, error) {
	x, ok := a[0].(*vm.Instance)
	y, same := a[1].(*vm.Instance)
	if !ok || !same {
		return nil, vm.Raise(vm.TypeError, "what __reduce__ of a %s names makes no instance of a class of the script, but a '%s'", vm.TypeName(a[0]), vm.TypeName(a[1]))
	}
	x.Shape, x.Slots = y.Shape, y.Slots
	return starlark.None, nil
}
