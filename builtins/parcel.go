package builtins

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"

	"mpstar/host/kernel"
	"mpstar/host/vm"
)

// A parcel is a descriptor as part of a value that travels: to a child by its
// number, and in a message by the name under which a copy of it is parked.
type parcel struct {
	fd     kernel.Fd // -1: closed
	ticket string    // under which it is parked, while it is in a message
}

// image returns the parcel's part of an image, restore reads it and returns the rest.
func (c *parcel) image() []byte {
	data := binary.LittleEndian.AppendUint32(nil, uint32(c.fd))
	data = append(append(data, byte(len(c.ticket))), c.ticket...)
	c.ticket = ""
	return data
}

func (c *parcel) restore(data []byte) []byte {
	if len(data) < 5 || len(data) < 5+int(data[4]) {
		return nil
	}
	c.fd = kernel.Fd(int32(binary.LittleEndian.Uint32(data)))
	data, n := data[5:], int(data[4])
	c.ticket = string(data[:n])
	return data[n:]
}

// Local says that a descriptor's number means nothing elsewhere.
func (c *parcel) Local() {}

// park leaves a copy of the descriptor for the receiver of the image that is made next.
func (c *parcel) park(p *vm.Process) error {
	if c.fd < 0 {
		return nil
	}
	var random [8]byte
	_, _ = rand.Read(random[:]) // it never fails
	ticket := "parcel-" + hex.EncodeToString(random[:])
	if err := p.Kernel.Park(ticket, c.fd); err != nil {
		return err
	}
	c.ticket = ticket
	return nil
}

// Receive fetches the descriptor.
func (c *parcel) Receive(p *vm.Process) (err error) {
	if c.ticket == "" {
		return nil
	}
	c.fd, err = p.Kernel.Fetch(c.ticket, true)
	c.ticket = ""
	return osError(err, "")
}
