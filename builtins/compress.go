package builtins

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"time"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// What modules zlib and gzip have in Go: functions from bytes to bytes. The forms of compressed data are named as
// zlib's wbits tell them apart: "zlib", "gzip" and "raw".

const _zlibDoc = "What modules zlib and gzip have in Go."

var _zlibRows = []row{
	{name: "compress", sig: "(data, level, form, mtime)", fn: zlibCompress, doc: "Return data compressed; a header of gzip says mtime."},
	{name: "decompress", sig: "(data, form)", fn: zlibDecompress, doc: "Return what compressed data is of, how many bytes of the data that took, and whether its end was reached."},
}

func _zlibModule() *vm.Module {
	return newModule("_zlib", _zlibDoc, functions("_zlib", _zlibRows), nil)
}

func zlibCompress(p *vm.Process, a []vm.Value) (vm.Value, error) {
	data, err := asBytes(a[0])
	if err != nil {
		return nil, err
	}
	level, err := asInt(a[1])
	if err != nil {
		return nil, err
	}
	if level < flate.DefaultCompression || level > flate.BestCompression {
		return nil, vm.Raise(vm.ValueError, "Bad compression level")
	}
	mtime, err := asInteger(a[3])
	if err != nil {
		return nil, err
	}
	seconds, _ := mtime.Int64()
	var out bytes.Buffer
	w := compressor(&out, vm.Str(a[2]), level, seconds)
	_, err = w.Write(data)
	if err == nil {
		err = w.Close()
	}
	return starlark.Bytes(out.String()), err
}

// compressor returns what compresses in a form. The level is one that there is, so no error is possible.
func compressor(out io.Writer, form string, level int, mtime int64) io.WriteCloser {
	switch form {
	case "gzip":
		w, _ := gzip.NewWriterLevel(out, level)
		if mtime > 0 {
			w.ModTime = time.Unix(mtime, 0)
		}
		return w
	case "raw":
		w, _ := flate.NewWriter(out, level)
		return w
	}
	w, _ := zlib.NewWriterLevel(out, level)
	return w
}

func zlibDecompress(p *vm.Process, a []vm.Value) (vm.Value, error) {
	data, err := asBytes(a[0])
	if err != nil {
		return nil, err
	}
	in := bytes.NewReader(data) // which flate reads byte by byte, and no further than it must
	r, err := decompressor(in, vm.Str(a[1]))
	var out bytes.Buffer
	if err == nil {
		_, err = io.Copy(&out, r)
	}
	whole := err == nil
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, vm.Raise(vm.ValueError, "Error -3 while decompressing data: %s", zlibReason(err))
	}
	used := len(data) - in.Len()
	return starlark.Tuple{starlark.Bytes(out.String()), starlark.MakeInt(used), starlark.Bool(whole)}, nil
}

func decompressor(in io.Reader, form string) (io.Reader, error) {
	switch form {
	case "gzip":
		r, err := gzip.NewReader(in)
		if err == nil {
			r.Multistream(false)
		}
		return r, err
	case "raw":
		return flate.NewReader(in), nil
	}
	return zlib.NewReader(in)
}

// zlibReason returns what inflate.c says.
func zlibReason(err error) string {
	switch {
	case errors.Is(err, zlib.ErrHeader), errors.Is(err, gzip.ErrHeader):
		return "incorrect header check"
	case errors.Is(err, zlib.ErrChecksum), errors.Is(err, gzip.ErrChecksum):
		return "incorrect data check"
	}
	return "invalid data"
}
