package builtins

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"mpstar/host/image"
	"mpstar/host/kernel"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// What multiprocessing.connection has in Go: channels, over descriptors.
//
// A message on a channel is a frame:
//
//	length of the body u64, sender u32 (kernel.Holder, or 0), body, zeros up to minFrame
//
// A frame goes out with one write(2), as far as the system takes it, and a small one
// comes in with one read(2), for which the zeros are there. Nobody reads
// beyond a frame: what follows may be another process's to read.
//
// A call that a signal interrupts is made again, so what is half read or written is kept
// in the channel. If the signal's handler raises an exception the next call
// goes on with it: a message is received whole, and one of which a part has gone out is completed.

var connectionRows = []row{
	{name: "pipe", sig: "(duplex)", fn: newPipe, doc: "Make two channels that are connected, the first of which only receives unless duplex."},
	{name: "channel", sig: "(fd, readable, writable)", fn: newChannel, doc: "Make a channel of a descriptor."},
	{name: "channel_fd", sig: "(channel)", fn: onChannel(channelFd), doc: "Return the descriptor."},
	{name: "channel_state", sig: "(channel)", fn: channelState, doc: "Return whether it is open, whether it receives, and whether it sends."},
	{name: "channel_close", sig: "(channel)", fn: channelClose, doc: "Close the descriptor, if it is open."},
	{name: "channel_send", sig: "(channel, obj)", fn: onChannel(channelSend), doc: "Send an object."},
	{name: "channel_send_bytes", sig: "(channel, data)", fn: onChannel(channelSendBytes), doc: "Send bytes."},
	{name: "channel_recv", sig: "(channel)", fn: onChannel(channelRecv), doc: "Wait for an object."},
	{name: "channel_recv_bytes", sig: "(channel, most)", fn: onChannel(channelRecvBytes), doc: "Wait for bytes, which most, if it is not None, limits."},
	{name: "channel_poll", sig: "(channel, deadline)", fn: onChannel(channelPoll), doc: "Wait for something to receive. Returns whether there is."},
	{name: "channel_pull", sig: "(channel)", fn: onChannel(channelPull), doc: "Read from a channel that is ready. Returns (object,) if all of one is there now, else None."},
	{name: "channel_pull_bytes", sig: "(channel, most)", fn: onChannel(channelPullBytes), doc: "As channel_pull, for bytes, which most limits."},
	{name: "channel_push_bytes", sig: "(channel, data)", fn: onChannel(channelPushBytes), doc: "As channel_push, for bytes."},
	{name: "channel_push", sig: "(channel, obj)", fn: onChannel(channelPush), doc: "Send an object as far as that needs no waiting. Returns whether all of it has gone out."},
	{name: "channel_flush", sig: "(channel)", fn: onChannel(channelFlush), doc: "Go on with what has not all gone out, as channel_push."},
	{name: "poll", sig: "(readers, writers, deadline)", fn: mpPoll, doc: "Wait until some of the descriptors are ready. Returns the positions of those readers and writers that are."},
	{name: "open_process", sig: "(pid)", fn: mpOpenProcess, doc: "Return a descriptor that is ready to read once a child or the parent has ended."},
	{name: "listen", sig: "(address, backlog)", fn: mpListen, doc: "Return a descriptor that listens at a path or at (host, port)."},
	{name: "accept", sig: "(fd)", fn: mpAccept, doc: "Wait for a connection. Returns its channel and where it comes from."},
	{name: "connect", sig: "(address)", fn: mpConnect, doc: "Return a channel to who listens at an address."},
	{name: "local_address", sig: "(fd)", fn: mpLocalAddress, doc: "Return where a descriptor listens."},
	{name: "digest", sig: "(key, message)", fn: mpDigest, doc: "Return the HMAC of a message."},
}

// A channel is the part of a Connection that is Go's. It travels to children, in whom the
// descriptor is open under the same number, and in messages, with a copy of its descriptor.
type channel struct {
	parcel
	readable, writable bool
	kin                bool // the other end is one of this tree, which knows a sender's name

	in    []byte   // the frame that has come so far
	out   []byte   // what has not gone out of a frame
	outOf vm.Value // whose it is, so that a call made again is known
	begun bool     // whether some of it has gone out
	buf   []byte   // for the next out
}

const (
	headerSize = 12
	minFrame   = 32

	channelKind = "channel"
)

var _ vm.Sendable = (*channel)(nil)

// ImageKind, Image and Restore make it travel. What is going out is left to the parent.
func (c *channel) ImageKind() string { return channelKind }

// Image writes the descriptor, what it can do, and what has come.
func (c *channel) Image() ([]byte, []vm.Value, error) {
	data := c.parcel.image()
	for _, b := range []bool{c.readable, c.writable, c.kin} {
		data = append(data, byte(bit(b)))
	}
	return append(data, c.in...), nil, nil
}

// Restore reads it.
func (c *channel) Restore(data []byte, refs []vm.Value) error {
	data = c.parcel.restore(data)
	if len(data) < 3 {
		return errors.New("image: a channel is cut off")
	}
	c.readable, c.writable, c.kin = data[0] != 0, data[1] != 0, data[2] != 0
	c.in = bytes.Clone(data[3:])
	return nil
}

// Send leaves a copy of the descriptor for the receiver.
func (c *channel) Send(p *vm.Process) ([]byte, []vm.Value, error) {
	if err := c.parcel.park(p); err != nil {
		return nil, nil, err
	}
	return c.Image()
}

func (c *channel) String() string        { return fmt.Sprintf("<channel %d>", c.fd) }
func (c *channel) Type() string          { return channelKind }
func (c *channel) Freeze()               {}
func (c *channel) Truth() starlark.Bool  { return true }
func (c *channel) Hash() (uint32, error) { return 0, errors.New("unhashable type: 'channel'") }

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// room is how many bytes a pipe shall take before a sender has to wait. It is for as many small
// messages as fit into CPython's 64 KB, whose frames are shorter; a socket counts messages more than
// bytes. Not more, for what a user's pipes may have together is limited (pipe(7), pipe-user-pages-soft).
const room = 128 << 10

func newPipe(p *vm.Process, a []vm.Value) (vm.Value, error) {
	duplex, err := p.Truth(a[0])
	if err != nil {
		return nil, err
	}
	make := p.Kernel.Pipe
	if duplex {
		make = p.Kernel.Socketpair
	}
	r, w, err := make()
	if err != nil {
		return nil, osError(err, "")
	}
	if !duplex {
		p.Kernel.SetRoom(w, room)
	}
	return starlark.Tuple{
		&channel{parcel: parcel{fd: r}, readable: true, writable: duplex, kin: true},
		&channel{parcel: parcel{fd: w}, readable: duplex, writable: true, kin: true},
	}, nil
}

func newChannel(p *vm.Process, a []vm.Value) (vm.Value, error) {
	fd, err := asInt(a[0])
	if err != nil {
		return nil, err
	}
	if fd < 0 {
		return nil, vm.Raise(vm.ValueError, "invalid handle")
	}
	readable, writable := bool(a[1].Truth()), bool(a[2].Truth())
	if !readable && !writable {
		return nil, vm.Raise(vm.ValueError, "at least one of `readable` and `writable` must be True")
	}
	return &channel{parcel: parcel{fd: kernel.Fd(fd)}, readable: readable, writable: writable}, nil
}

// onChannel makes a body of a function of an open channel.
func onChannel(do func(p *vm.Process, c *channel, a []vm.Value) (vm.Value, error)) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		c, ok := a[0].(*channel)
		if !ok {
			return nil, vm.Raise(vm.TypeError, "a channel is needed, not %s", vm.TypeName(a[0]))
		}
		if c.fd < 0 {
			return nil, vm.Raise(vm.OSError, "handle is closed")
		}
		return do(p, c, a)
	}
}

func channelFd(p *vm.Process, c *channel, a []vm.Value) (vm.Value, error) {
	return starlark.MakeInt(int(c.fd)), nil
}

func channelState(p *vm.Process, a []vm.Value) (vm.Value, error) {
	c := a[0].(*channel)
	return starlark.Tuple{starlark.Bool(c.fd >= 0), starlark.Bool(c.readable), starlark.Bool(c.writable)}, nil
}

func channelClose(p *vm.Process, a []vm.Value) (vm.Value, error) {
	c := a[0].(*channel)
	if c.fd < 0 {
		return starlark.None, nil
	}
	fd := c.fd
	c.fd, c.in, c.out, c.outOf = -1, nil, nil, nil
	return none(osError(p.Kernel.Close(fd), ""))
}

// Sending.

// A bodyEncoder appends what a frame carries of a value. image.AppendMessage is one.
type bodyEncoder func(buf []byte, p *vm.Process, v vm.Value) ([]byte, error)

func appendBytes(buf []byte, p *vm.Process, v vm.Value) ([]byte, error) {
	data, ok := vm.BytesOf(v)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "a bytes-like object is required, not '%s'", vm.TypeName(v))
	}
	return append(buf, data...), nil
}

func channelSend(p *vm.Process, c *channel, a []vm.Value) (vm.Value, error) {
	return none(c.send(p, a[1], image.AppendMessage))
}

func channelSendBytes(p *vm.Process, c *channel, a []vm.Value) (vm.Value, error) {
	return none(c.send(p, a[1], appendBytes))
}

// send sends a frame, or what is left of it if the call is made again.
func (c *channel) send(p *vm.Process, v vm.Value, encode bodyEncoder) error {
	if !c.writable {
		return vm.Raise(vm.OSError, "connection is read-only")
	}
	if len(c.out) > 0 && !vm.Is(c.outOf, v) {
		if err := c.flush(p, true); err != nil {
			return err
		}
	}
	if len(c.out) == 0 {
		if err := c.frame(p, v, encode); err != nil {
			return err
		}
	}
	return c.flush(p, true)
}

// frame makes a frame what has to go out.
func (c *channel) frame(p *vm.Process, v vm.Value, encode bodyEncoder) error {
	var zeros [minFrame]byte
	frame, err := encode(append(c.buf[:0], zeros[:headerSize]...), p, v)
	if err != nil {
		return cannotSend(err)
	}
	length := len(frame) - headerSize
	if short := minFrame - len(frame); short > 0 {
		frame = append(frame, zeros[:short]...)
	}
	if cap(frame) <= maxKept {
		c.buf = frame
	}
	c.out, c.outOf, c.begun = frame, v, false
	binary.LittleEndian.PutUint64(c.out, uint64(length))
	if c.kin {
		binary.LittleEndian.PutUint32(c.out[8:], uint32(p.Kernel.Self()))
	}
	return nil
}

// maxKept is how large a buffer may be to be used again.
const maxKept = 1 << 20

// flush writes what has to go out, all of it if it may wait.
func (c *channel) flush(p *vm.Process, wait bool) error {
	for len(c.out) > 0 {
		if !wait && len(c.out) > surelyFits {
			if ready, err := c.ready(p, kernel.PollOut, 0); !ready {
				return err
			}
		}
		n, err := p.Kernel.Write(c.fd, c.out)
		if err != nil {
			if !c.begun || !errors.Is(err, kernel.ErrInterrupted) {
				c.out, c.outOf = nil, nil
			}
			return osError(err, "")
		}
		c.out, c.begun = c.out[n:], true
	}
	c.out, c.outOf = nil, nil
	return nil
}

// surelyFits is what a socket takes at once from a server whose client has read all that was sent to it before.
const surelyFits = 16 << 10

// ready waits until the channel can be read or written.
func (c *channel) ready(p *vm.Process, want kernel.PollEvents, deadline time.Duration) (bool, error) {
	n, err := p.Kernel.Poll([]kernel.PollFd{{Fd: c.fd, Want: want}}, deadline)
	return n > 0, osError(err, "")
}

// Receiving.

func channelRecv(p *vm.Process, c *channel, a []vm.Value) (vm.Value, error) {
	body, err := c.receive(p, nil)
	if err != nil {
		return nil, err
	}
	return image.DecodeMessage(body, p)
}

func channelRecvBytes(p *vm.Process, c *channel, a []vm.Value) (vm.Value, error) {
	body, err := c.receive(p, a[1])
	return starlark.Bytes(body), err
}

func channelPoll(p *vm.Process, c *channel, a []vm.Value) (vm.Value, error) {
	if err := c.checkReadable(); err != nil {
		return nil, err
	}
	ready, err := c.ready(p, kernel.PollIn, deadlineOf(a[1]))
	return starlark.Bool(ready), err
}

func (c *channel) checkReadable() error {
	if !c.readable {
		return vm.Raise(vm.OSError, "connection is write-only")
	}
	return nil
}

// receive waits for a frame and returns its body, of most bytes if that is a number.
func (c *channel) receive(p *vm.Process, most vm.Value) ([]byte, error) {
	if err := c.checkReadable(); err != nil {
		return nil, err
	}
	for {
		if err := c.checkLength(p, most); err != nil {
			return nil, err
		}
		if body := c.body(); body != nil {
			return body, nil
		}
		if err := c.awaitRest(p); err != nil {
			return nil, err
		}
		if err := c.readMore(p, minFrame); err != nil {
			return nil, err
		}
	}
}

// length returns the length of the body that is coming, if it is known.
func (c *channel) length() (n uint64, known bool) {
	if len(c.in) < headerSize {
		return 0, false
	}
	return binary.LittleEndian.Uint64(c.in), true
}

// checkLength refuses a message that is too long, and with it all that would come after it,
// as Connection._bad_message_length does.
func (c *channel) checkLength(p *vm.Process, most vm.Value) error {
	n, known := c.length()
	if !known {
		return nil
	}
	limit := uint64(p.Limits.Memory)
	if most != nil && most != starlark.None {
		m, err := asInteger(most)
		if err != nil {
			return err
		}
		if u, ok := m.Uint64(); ok {
			limit = min(limit, u)
		}
	}
	if n <= limit {
		return nil
	}
	c.in, c.readable = nil, false
	if !c.writable {
		_ = p.Kernel.Close(c.fd)
		c.fd = -1
	}
	return vm.Raise(vm.OSError, "bad message length")
}

// body returns the body of a frame that is all there, once.
func (c *channel) body() []byte {
	n, known := c.length()
	if !known || uint64(len(c.in)) < max(minFrame, headerSize+n) {
		return nil
	}
	body := c.in[headerSize : headerSize+n]
	c.in = nil
	return body
}

// awaitRest waits for the rest of a frame, but not from a sender that has been killed: others may
// hold the sending end too, so that there is no end of file.
func (c *channel) awaitRest(p *vm.Process) error {
	if len(c.in) < headerSize {
		return nil
	}
	sender := kernel.Holder(binary.LittleEndian.Uint32(c.in[8:]))
	for c.kin && sender != 0 {
		ready, err := c.ready(p, kernel.PollIn, p.Kernel.Monotonic()+senderCheck)
		if ready || err != nil {
			return err
		}
		if p.Kernel.Alive(sender) {
			continue
		}
		if ready, err := c.ready(p, kernel.PollIn, 0); ready || err != nil {
			return err // it had sent all before it ended
		}
		c.in = nil
		return vm.Raise(vm.OSError, "the sender of a message was killed before all of it was sent")
	}
	return nil
}

// senderCheck is how often the receiver of half a message looks whether its sender lives.
const senderCheck = 50 * time.Millisecond

// readMore reads once, up to the end of the frame at most, if its length is known.
func (c *channel) readMore(p *vm.Process, want int) error {
	if n, known := c.length(); known {
		want = max(minFrame, headerSize+int(n))
	}
	if cap(c.in) < want {
		c.in = append(make([]byte, 0, want), c.in...)
	}
	n, err := p.Kernel.Read(c.fd, c.in[len(c.in):want])
	switch {
	case err != nil:
		return osError(err, "")
	case n > 0:
		c.in = c.in[:len(c.in)+n]
		return nil
	case len(c.in) == 0:
		return vm.NewException(vm.EOFError)
	}
	c.in = nil
	return vm.Raise(vm.OSError, "got end of file during message")
}

// What a server uses, which must not wait for a client.

func channelPull(p *vm.Process, c *channel, a []vm.Value) (vm.Value, error) {
	body, err := c.pull(p, starlark.None)
	if body == nil || err != nil {
		return starlark.None, err
	}
	v, err := image.DecodeMessage(body, p)
	return starlark.Tuple{v}, err
}

func channelPullBytes(p *vm.Process, c *channel, a []vm.Value) (vm.Value, error) {
	body, err := c.pull(p, a[1])
	if body == nil || err != nil {
		return starlark.None, err
	}
	return starlark.Tuple{starlark.Bytes(body)}, nil
}

// pull reads once, if the channel is ready, and returns the body of a frame that is now all there, or nil.
func (c *channel) pull(p *vm.Process, most vm.Value) ([]byte, error) {
	if err := c.readMore(p, pullSize); err != nil {
		return nil, err
	}
	if err := c.checkLength(p, most); err != nil {
		return nil, err
	}
	return c.body(), nil
}

// pullSize is how much a server reads at once, which is a client's only reader and gets only one
// request at a time from it.
const pullSize = 4096

func channelPush(p *vm.Process, c *channel, a []vm.Value) (vm.Value, error) {
	return c.push(p, a[1], image.AppendMessage)
}

func channelPushBytes(p *vm.Process, c *channel, a []vm.Value) (vm.Value, error) {
	return c.push(p, a[1], appendBytes)
}

// push makes a frame, unless the call is made again, and sends what it can of it.
func (c *channel) push(p *vm.Process, v vm.Value, encode bodyEncoder) (vm.Value, error) {
	if len(c.out) == 0 {
		if err := c.frame(p, v, encode); err != nil {
			return nil, err
		}
	}
	err := c.flush(p, false)
	return starlark.Bool(len(c.out) == 0), err
}

func channelFlush(p *vm.Process, c *channel, a []vm.Value) (vm.Value, error) {
	err := c.flush(p, false)
	return starlark.Bool(len(c.out) == 0), err
}

// Waiting for several.

func mpPoll(p *vm.Process, a []vm.Value) (vm.Value, error) {
	var fds []kernel.PollFd
	for i, want := range []kernel.PollEvents{kernel.PollIn, kernel.PollOut} {
		values, err := p.Iterate(a[i])
		if err != nil {
			return nil, err
		}
		for _, v := range values {
			fd, err := asInt(v)
			if err != nil {
				return nil, err
			}
			fds = append(fds, kernel.PollFd{Fd: kernel.Fd(fd), Want: want})
		}
	}
	if _, err := p.Kernel.Poll(fds, deadlineOf(a[2])); err != nil {
		return nil, osError(err, "")
	}
	var positions [2][]vm.Value
	at := 0
	for i, f := range fds {
		which := bit(f.Want == kernel.PollOut)
		if i > 0 && f.Want != fds[i-1].Want {
			at = i
		}
		if f.Ready != 0 {
			positions[which] = append(positions[which], starlark.MakeInt(i-at))
		}
	}
	return starlark.Tuple{starlark.NewList(positions[0]), starlark.NewList(positions[1])}, nil
}

func mpOpenProcess(p *vm.Process, a []vm.Value) (vm.Value, error) {
	pid, err := asInt(a[0])
	if err != nil {
		return nil, err
	}
	fd, err := p.Kernel.OpenProcess(kernel.Pid(pid))
	return starlark.MakeInt(int(fd)), osError(err, "")
}

// Sockets that listen.

// addressOf converts a path, or a host and a port. Names of hosts are not looked up, but for localhost.
func addressOf(v vm.Value) (at kernel.Address, err error) {
	if path, ok := v.(starlark.String); ok && path != "" {
		return kernel.Address{Path: string(path)}, nil
	}
	t, ok := v.(starlark.Tuple)
	if !ok || len(t) != 2 {
		return at, vm.Raise(vm.ValueError, "address type of %s unrecognized", vm.Repr(v))
	}
	host, err := asText(t[0])
	if err != nil {
		return at, err
	}
	port, err := asInt(t[1])
	if err != nil {
		return at, err
	}
	if port < 0 || port > 0xffff {
		return at, vm.Raise(vm.OverflowError, "bind(): port must be 0-65535.")
	}
	at.Port = uint16(port)
	switch host {
	case "":
		return at, nil
	case "localhost":
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.Is4() {
		return at, vm.Raise(vm.OSError, "%s is no number of an IPv4 host, and names other than localhost are not looked up", vm.Repr(t[0]))
	}
	at.Host = ip.As4()
	return at, nil
}

func addressValue(at kernel.Address) vm.Value {
	if at.Port == 0 {
		return starlark.String(at.Path)
	}
	return starlark.Tuple{starlark.String(netip.AddrFrom4(at.Host).String()), starlark.MakeInt(int(at.Port))}
}

func mpListen(p *vm.Process, a []vm.Value) (vm.Value, error) {
	at, err := addressOf(a[0])
	if err != nil {
		return nil, err
	}
	backlog, err := asInt(a[1])
	if err != nil {
		return nil, err
	}
	fd, err := p.Kernel.Listen(at, backlog)
	return starlark.MakeInt(int(fd)), osError(err, "")
}

func mpAccept(p *vm.Process, a []vm.Value) (vm.Value, error) {
	listener, err := asInt(a[0])
	if err != nil {
		return nil, err
	}
	fd, from, err := p.Kernel.Accept(kernel.Fd(listener))
	if err != nil {
		return nil, osError(err, "")
	}
	return starlark.Tuple{&channel{parcel: parcel{fd: fd}, readable: true, writable: true}, addressValue(from)}, nil
}

func mpConnect(p *vm.Process, a []vm.Value) (vm.Value, error) {
	to, err := addressOf(a[0])
	if err != nil {
		return nil, err
	}
	fd, err := p.Kernel.Connect(to)
	if err != nil {
		return nil, osError(err, "")
	}
	return &channel{parcel: parcel{fd: fd}, readable: true, writable: true}, nil
}

func mpLocalAddress(p *vm.Process, a []vm.Value) (vm.Value, error) {
	fd, err := asInt(a[0])
	if err != nil {
		return nil, err
	}
	at, err := p.Kernel.LocalAddress(kernel.Fd(fd))
	return addressValue(at), osError(err, "")
}

func mpDigest(p *vm.Process, a []vm.Value) (vm.Value, error) {
	key, err := asBytes(a[0])
	if err != nil {
		return nil, err
	}
	message, err := asBytes(a[1])
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return starlark.Bytes(mac.Sum(nil)), nil
}
