package builtins

import (
	"encoding/binary"
	"errors"
	"math/big"
)

// An mt19937 is the Mersenne Twister of M. Matsumoto and T. Nishimura
// ("Mersenne Twister: a 623-dimensionally equidistributed uniform
// pseudo-random number generator", 1998), with the seeding by array of their
// 2002 version, which is what CPython's Modules/_randommodule.c uses.
type mt19937 struct {
	state [mtSize]uint32
	index int // of the next word; mtSize if all are used
}

const (
	mtSize   = 624
	mtMiddle = 397
)

// seed32 fills the state from one word.
func (m *mt19937) seed32(seed uint32) {
	m.state[0] = seed
	for i := 1; i < mtSize; i++ {
		prev := m.state[i-1]
		m.state[i] = 1812433253*(prev^prev>>30) + uint32(i)
	}
	m.index = mtSize
}

// seed fills the state from the 32-bit words of a key, of which there is at least one.
func (m *mt19937) seed(key []uint32) {
	m.seed32(19650218)
	i, j := 1, 0
	for range max(mtSize, len(key)) {
		prev := m.state[i-1]
		m.state[i] = (m.state[i] ^ (prev^prev>>30)*1664525) + key[j] + uint32(j)
		i = m.next(i)
		j = (j + 1) % len(key)
	}
	for range mtSize - 1 {
		prev := m.state[i-1]
		m.state[i] = (m.state[i] ^ (prev^prev>>30)*1566083941) - uint32(i)
		i = m.next(i)
	}
	m.state[0] = 1 << 31
}

// next returns the index after i while seeding; going round copies the last
// word to the front.
func (m *mt19937) next(i int) int {
	if i++; i < mtSize {
		return i
	}
	m.state[0] = m.state[mtSize-1]
	return 1
}

// seedInt seeds with the absolute value of a number, all its bits.
func (m *mt19937) seedInt(n *big.Int) {
	data := n.Bytes() // most significant first
	key := make([]uint32, max(1, (len(data)+3)/4))
	for i, b := range data {
		at := len(data) - 1 - i
		key[at/4] |= uint32(b) << (8 * (at % 4))
	}
	m.seed(key)
}

// uint32 draws the next word.
func (m *mt19937) uint32() uint32 {
	if m.index >= mtSize {
		m.twist()
	}
	y := m.state[m.index]
	m.index++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// twist makes the next words.
func (m *mt19937) twist() {
	for i := range mtSize {
		y := m.state[i]&(1<<31) | m.state[(i+1)%mtSize]&(1<<31-1)
		word := m.state[(i+mtMiddle)%mtSize] ^ y>>1
		if y&1 != 0 {
			word ^= 0x9908b0df
		}
		m.state[i] = word
	}
	m.index = 0
}

// appendTo writes the generator down; restore reads it.
func (m *mt19937) appendTo(data []byte) []byte {
	data = binary.LittleEndian.AppendUint16(data, uint16(m.index))
	for _, word := range m.state {
		data = binary.LittleEndian.AppendUint32(data, word)
	}
	return data
}

// mtBytes is how many bytes appendTo writes.
const mtBytes = 2 + 4*mtSize

func (m *mt19937) restore(data []byte) error {
	if len(data) != mtBytes {
		return errors.New("image: damaged random generator")
	}
	m.index = int(binary.LittleEndian.Uint16(data))
	if m.index > mtSize {
		return errors.New("image: damaged random generator")
	}
	for i := range m.state {
		m.state[i] = binary.LittleEndian.Uint32(data[2+4*i:])
	}
	return nil
}
