package builtins

import (
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// Encodings of text: UTF-8, ASCII and Latin-1.

// An encoding is a row for those that encode and decode know.
type encoding struct {
	name string // as messages have it
	max  rune   // the greatest character
}

var (
	utf8Encoding   = encoding{"utf-8", utf8.MaxRune}
	asciiEncoding  = encoding{"ascii", 0x7f}
	latin1Encoding = encoding{"latin-1", 0xff}
)

// encodings by name, without - and _.
var encodings = map[string]encoding{
	"utf8": utf8Encoding, "u8": utf8Encoding, "utf": utf8Encoding,
	"ascii": asciiEncoding, "usascii": asciiEncoding,
	"latin1": latin1Encoding, "iso88591": latin1Encoding, "latin": latin1Encoding, "l1": latin1Encoding,
}

// codecArgs converts the arguments encoding and errors of a function.
func codecArgs(function string, name, errs vm.Value) (enc encoding, handler string, err error) {
	enc, handler = utf8Encoding, "strict"
	for i, v := range []vm.Value{name, errs} {
		if v != nil && !isType[starlark.String](v) {
			return enc, "", vm.Raise(vm.TypeError, "%s() argument '%s' must be str, not %s", function, []string{"encoding", "errors"}[i], vm.TypeName(v))
		}
	}
	if name != nil {
		s := string(name.(starlark.String))
		known := false
		enc, known = encodings[strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(s))]
		if !known {
			return enc, "", vm.Raise(vm.LookupError, "unknown encoding: %s", s)
		}
	}
	if errs != nil {
		handler = string(errs.(starlark.String))
	}
	if !slices.Contains(errorHandlers, handler) {
		return enc, "", unknownHandler(handler)
	}
	return enc, handler, nil
}

// errorHandlers are what can be done about bytes or characters that an encoding has not.
var errorHandlers = []string{"strict", "ignore", "replace", "backslashreplace", "surrogateescape"}

func unknownHandler(name string) error {
	return vm.Raise(vm.LookupError, "unknown error handler name '%s'", name)
}

func strEncode(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return encode("encode", string(a[0].(starlark.String)), arg(a, 1), arg(a, 2))
}

func encode(function, s string, name, errs vm.Value) (vm.Value, error) {
	enc, handler, err := codecArgs(function, name, errs)
	if err != nil {
		return nil, err
	}
	if enc == utf8Encoding {
		return starlark.Bytes(s), nil
	}
	var b []byte
	position := 0
	for _, r := range s {
		switch {
		case r <= enc.max:
			b = append(b, byte(r))
		case handler == "replace":
			b = append(b, '?')
		case handler == "backslashreplace":
			b = append(b, escapeASCII(string(r))...)
		case handler == "strict":
			return nil, vm.Raise(vm.UnicodeEncodeError, "'%s' codec can't encode character '%s' in position %d: ordinal not in range(%d)",
				enc.name, escapeASCII(string(r)), position, enc.max+1)
		}
		position++
	}
	return starlark.Bytes(b), nil
}

func bytesDecode(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return decode("decode", a[0].(starlark.Bytes), arg(a, 1), arg(a, 2))
}

func decode(function string, data starlark.Bytes, name, errs vm.Value) (vm.Value, error) {
	enc, handler, err := codecArgs(function, name, errs)
	if err != nil {
		return nil, err
	}
	if enc == utf8Encoding {
		s, err := decodeUTF8(string(data), handler)
		return starlark.String(s), err
	}
	var b strings.Builder
	for i, c := range []byte(data) {
		switch {
		case rune(c) <= enc.max:
			b.WriteRune(rune(c))
		case handler == "strict":
			return nil, vm.Raise(vm.UnicodeDecodeError, "'%s' codec can't decode byte 0x%02x in position %d: ordinal not in range(%d)",
				enc.name, c, i, enc.max+1)
		default:
			b.WriteString(undecodable(data[i:i+1], handler))
		}
	}
	return starlark.String(b.String()), nil
}

func decodeUTF8(data, handler string) (string, error) {
	if utf8.ValidString(data) || handler == "surrogateescape" {
		return data, nil // a string may hold any bytes
	}
	if handler == "strict" {
		return "", decodeError([]byte(data))
	}
	var b strings.Builder
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRuneInString(data[i:])
		if r == utf8.RuneError && n == 1 {
			end, _ := utf8Fault([]byte(data), i)
			b.WriteString(undecodable(starlark.Bytes(data[i:end]), handler))
			i = end
			continue
		}
		b.WriteString(data[i : i+n])
		i += n
	}
	return b.String(), nil
}

// undecodable is what an error handler puts in the place of bytes.
func undecodable(data starlark.Bytes, handler string) string {
	switch handler {
	case "ignore":
		return ""
	case "backslashreplace":
		s := ""
		for _, c := range []byte(data) {
			s += `\x` + hex.EncodeToString([]byte{c})
		}
		return s
	}
	return "\ufffd"
}

func bytesHex(p *vm.Process, a []vm.Value) (vm.Value, error) {
	data := []byte(a[0].(starlark.Bytes))
	sep, group, err := hexGroups(arg(a, 1), arg(a, 2))
	if err != nil {
		return nil, err
	}
	if group == 0 {
		return starlark.String(hex.EncodeToString(data)), nil
	}
	// The groups are counted from the end, or from the start if there are less than none of them.
	var b strings.Builder
	for i := range data {
		if i > 0 && (group > 0 && (len(data)-i)%group == 0 || group < 0 && i%-group == 0) {
			b.WriteString(sep)
		}
		b.WriteString(hex.EncodeToString(data[i : i+1]))
	}
	return starlark.String(b.String()), nil
}

// hexGroups converts what separates groups of bytes and how long those are, 0 if nothing does.
func hexGroups(sep, length vm.Value) (string, int, error) {
	group := 1
	if length != nil {
		var err error
		if group, err = asSmall(length); err != nil {
			return "", 0, err
		}
	}
	switch sep := sep.(type) {
	case nil:
		return "", 0, nil
	case starlark.String:
		return string(sep), group, hexSeparator(string(sep))
	case starlark.Bytes:
		return string(sep), group, hexSeparator(string(sep))
	}
	return "", 0, vm.Raise(vm.TypeError, "sep must be str or bytes.")
}

func hexSeparator(sep string) error {
	switch {
	case utf8.RuneCountInString(sep) != 1:
		return vm.Raise(vm.ValueError, "sep must be length 1.")
	case sep[0] >= utf8.RuneSelf:
		return vm.Raise(vm.ValueError, "sep must be ASCII.")
	}
	return nil
}

func bytesFromhex(p *vm.Process, a []vm.Value) (vm.Value, error) {
	s, ok := a[0].(starlark.String)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "fromhex() argument must be str, not %s", vm.TypeName(a[0]))
	}
	b := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); i += 2 {
		for i < len(s) && unicode.IsSpace(rune(s[i])) {
			i++
		}
		if i == len(s) {
			break
		}
		digit, err := hex.DecodeString(string(s[i:min(i+2, len(s))]))
		if err != nil {
			if _, err := hex.DecodeString("0" + string(s[i:i+1])); err == nil {
				i++ // the first digit is one
			}
			return nil, vm.Raise(vm.ValueError, "non-hexadecimal number found in fromhex() arg at position %d", i)
		}
		b = append(b, digit...)
	}
	return starlark.Bytes(b), nil
}
