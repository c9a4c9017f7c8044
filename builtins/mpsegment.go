package builtins

import (
	"errors"
	"fmt"
	"math"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// What multiprocessing.shared_memory has in Go: segments of memory, which are
// descriptors, and are found by the name under which one is parked.

var segmentRows = []row{
	{name: "segment", sig: "(size)", fn: newSegment, doc: "Make a segment of memory, all zero."},
	{name: "segment_park", sig: "(segment, name)", fn: onSegment(segmentPark), doc: "Give a segment a name in the tree that is not in use."},
	{name: "segment_fetch", sig: "(name)", fn: segmentFetch, doc: "Return the segment of a name."},
	{name: "segment_unlink", sig: "(name)", fn: segmentUnlink, doc: "Take away a segment's name."},
	{name: "segment_close", sig: "(segment)", fn: segmentClose, doc: "Give up this process's part in a segment."},
	{name: "segment_size", sig: "(segment)", fn: onSegment(segmentSize), doc: "Return how many bytes there are."},
	{name: "segment_read", sig: "(segment, start, stop)", fn: onSegment(segmentRead), doc: "Return bytes of a segment."},
	{name: "segment_write", sig: "(segment, start, data)", fn: onSegment(segmentWrite), doc: "Set bytes of a segment."},
	{name: "segment_load", sig: "(segment, index)", fn: onSegment(segmentLoad), doc: "Return a byte as an int."},
	{name: "segment_store", sig: "(segment, index, value)", fn: onSegment(segmentStore), doc: "Set a byte to an int."},
}

// A segment is memory that processes share as long as any has its descriptor. It is mapped at first use.
type segment struct {
	parcel
	mem []byte
}

const segmentKind = "segment"

var _ vm.Sendable = (*segment)(nil)

// ImageKind, Image, Restore and Send make it travel.
func (s *segment) ImageKind() string { return segmentKind }

// Image writes the descriptor.
func (s *segment) Image() ([]byte, []vm.Value, error) { return s.parcel.image(), nil, nil }

// Restore reads it.
func (s *segment) Restore(data []byte, refs []vm.Value) error {
	if s.parcel.restore(data) == nil {
		return errors.New("image: a segment is cut off")
	}
	return nil
}

// Send leaves a copy of the descriptor for the receiver.
func (s *segment) Send(p *vm.Process) ([]byte, []vm.Value, error) {
	if err := s.parcel.park(p); err != nil {
		return nil, nil, err
	}
	return s.Image()
}

func (s *segment) String() string        { return fmt.Sprintf("<segment %d>", s.fd) }
func (s *segment) Type() string          { return segmentKind }
func (s *segment) Freeze()               {}
func (s *segment) Truth() starlark.Bool  { return true }
func (s *segment) Hash() (uint32, error) { return 0, errors.New("unhashable type: 'segment'") }

// onSegment makes a body of a function of an open segment.
func onSegment(do func(p *vm.Process, s *segment, a []vm.Value) (vm.Value, error)) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		s, ok := a[0].(*segment)
		if !ok || s.fd < 0 {
			return nil, vm.Raise(vm.ValueError, "operation forbidden on released memoryview object")
		}
		if s.mem == nil {
			var err error
			if s.mem, err = p.Kernel.MapMemory(s.fd); err != nil {
				return nil, osError(err, "")
			}
		}
		return do(p, s, a)
	}
}

func newSegment(p *vm.Process, a []vm.Value) (vm.Value, error) {
	size, err := asInteger(a[0])
	if err != nil {
		return nil, err
	}
	n, ok := size.Int64()
	if !ok || n > math.MaxInt64/2 {
		return nil, vm.Raise(vm.OverflowError, "Python int too large to convert to C long")
	}
	fd, err := p.Kernel.NewMemory(n)
	return &segment{parcel: parcel{fd: fd}}, osError(err, "")
}

// parkedSegment is the name under which a segment is parked.
func parkedSegment(name vm.Value) (string, error) {
	s, err := asText(name)
	return "segment-" + s, err
}

func segmentPark(p *vm.Process, s *segment, a []vm.Value) (vm.Value, error) {
	name, err := parkedSegment(a[1])
	if err != nil {
		return nil, err
	}
	return none(osErrorAt(p.Kernel.Park(name, s.fd), a[1], nil))
}

func segmentFetch(p *vm.Process, a []vm.Value) (vm.Value, error) {
	name, err := parkedSegment(a[0])
	if err != nil {
		return nil, err
	}
	fd, err := p.Kernel.Fetch(name, false)
	return &segment{parcel: parcel{fd: fd}}, osErrorAt(err, a[0], nil)
}

func segmentUnlink(p *vm.Process, a []vm.Value) (vm.Value, error) {
	name, err := parkedSegment(a[0])
	if err != nil {
		return nil, err
	}
	fd, err := p.Kernel.Fetch(name, true)
	if err != nil {
		return nil, osErrorAt(err, a[0], nil)
	}
	return none(osError(p.Kernel.Close(fd), ""))
}

func segmentClose(p *vm.Process, a []vm.Value) (vm.Value, error) {
	s := a[0].(*segment)
	if s.fd < 0 {
		return starlark.None, nil
	}
	fd, mem := s.fd, s.mem
	s.fd, s.mem = -1, nil
	if mem != nil {
		if err := p.Kernel.UnmapMemory(mem); err != nil {
			return nil, osError(err, "")
		}
	}
	return none(osError(p.Kernel.Close(fd), ""))
}

func segmentSize(p *vm.Process, s *segment, a []vm.Value) (vm.Value, error) {
	return starlark.MakeInt(len(s.mem)), nil
}

// at checks a position of n bytes.
func (s *segment) at(v vm.Value, n int) (int, error) {
	i, err := asInteger(v)
	if err != nil {
		return 0, err
	}
	at, ok := i.Int64()
	if !ok || at < 0 || at > int64(len(s.mem)-n) {
		return 0, vm.Raise(vm.IndexError, "index out of bounds on dimension 1")
	}
	return int(at), nil
}

func segmentRead(p *vm.Process, s *segment, a []vm.Value) (vm.Value, error) {
	start, err := s.at(a[1], 0)
	if err != nil {
		return nil, err
	}
	stop, err := s.at(a[2], 0)
	if err != nil {
		return nil, err
	}
	return starlark.Bytes(s.mem[start:max(start, stop)]), nil
}

func segmentWrite(p *vm.Process, s *segment, a []vm.Value) (vm.Value, error) {
	data, ok := vm.BytesOf(a[2])
	if !ok {
		return nil, vm.Raise(vm.TypeError, "a bytes-like object is required, not '%s'", vm.TypeName(a[2]))
	}
	start, err := s.at(a[1], len(data))
	if err != nil {
		return nil, err
	}
	copy(s.mem[start:], data)
	return starlark.None, nil
}

func segmentLoad(p *vm.Process, s *segment, a []vm.Value) (vm.Value, error) {
	i, err := s.at(a[1], 1)
	if err != nil {
		return nil, err
	}
	return starlark.MakeInt(int(s.mem[i])), nil
}

func segmentStore(p *vm.Process, s *segment, a []vm.Value) (vm.Value, error) {
	i, err := s.at(a[1], 1)
	if err != nil {
		return nil, err
	}
	v, ok := a[2].(starlark.Int)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "memoryview: invalid type for format 'B'")
	}
	n, ok := v.Uint64()
	if !ok || n > math.MaxUint8 {
		return nil, vm.Raise(vm.ValueError, "memoryview: invalid value for format 'B'")
	}
	s.mem[i] = byte(n)
	return starlark.None, nil
}
