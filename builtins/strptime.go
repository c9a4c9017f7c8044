package builtins

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// strptime follows Lib/_strptime.py: the format becomes a regular expression.

// directives are what each directive matches, in the C locale.
var directives = map[byte]string{
	'd': `3[0-1]|[1-2]\d|0[1-9]|[1-9]| [1-9]`,
	'f': `[0-9]{1,6}`,
	'H': `2[0-3]|[0-1]\d|\d`,
	'I': `1[0-2]|0[1-9]|[1-9]`,
	'j': `36[0-6]|3[0-5]\d|[1-2]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9]`,
	'm': `1[0-2]|0[1-9]|[1-9]`,
	'M': `[0-5]\d|\d`,
	'S': `6[0-1]|[0-5]\d|\d`,
	'w': `[0-6]`,
	'u': `[1-7]`,
	'y': `\d\d`,
	'Y': `\d\d\d\d`,
	'z': `[+-]\d\d:?[0-5]\d|Z`,
	'A': alternatives(7, dayName, 0),
	'a': alternatives(7, func(i int) string { return dayName(i)[:3] }, 0),
	'B': alternatives(12, monthName, 1),
	'b': alternatives(12, func(i int) string { return monthName(i)[:3] }, 1),
	'p': `AM|PM`,
	'Z': `UTC|GMT`,
}

// formats are the directives that stand for several others.
var formats = map[byte]string{'c': "%a %b %d %H:%M:%S %Y", 'x': "%m/%d/%y", 'X': "%H:%M:%S"}

func alternatives(n int, name func(int) string, first int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = name(first + i)
	}
	return strings.Join(names, "|")
}

func timeStrptime(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	text, format := "", "%a %b %d %H:%M:%S %Y"
	if err := unpack("strptime", args, kwargs, "string", &text, "format?", &format); err != nil {
		return nil, err
	}
	b, err := parseTime(text, format)
	if err != nil {
		return nil, err
	}
	return b.value(), nil
}

func parseTime(text, format string) (brokenTime, error) {
	var b brokenTime
	pattern, verbs, err := timePattern(format)
	if err != nil {
		return b, err
	}
	match := pattern.FindStringSubmatch(text)
	if match == nil {
		return b, vm.Raise(vm.ValueError, "time data %s does not match format %s", vm.PyRepr(starlark.String(text)), vm.PyRepr(starlark.String(format)))
	}
	if rest := text[len(match[0]):]; rest != "" {
		return b, vm.Raise(vm.ValueError, "unconverted data remains: %s", rest)
	}
	fields := map[byte]string{}
	for i, verb := range verbs {
		fields[verb] = match[i+1]
	}
	return fromFields(fields)
}

// timePattern makes the regular expression, with one group for each directive.
func timePattern(format string) (*regexp.Regexp, []byte, error) {
	var pattern strings.Builder
	var verbs []byte
	pattern.WriteString("(?i)^")
	for rest := format; rest != ""; {
		c := rest[0]
		rest = rest[1:]
		switch {
		case strings.IndexByte(" \t\n\r\v\f", c) >= 0:
			rest = strings.TrimLeft(rest, " \t\n\r\v\f")
			pattern.WriteString(`\s+`)
		case c != '%':
			pattern.WriteString(regexp.QuoteMeta(string(rune(c))))
		case rest == "":
			return nil, nil, vm.Raise(vm.ValueError, "stray %% in format '%s'", format)
		case rest[0] == '%':
			pattern.WriteByte('%')
			rest = rest[1:]
		case formats[rest[0]] != "":
			rest = formats[rest[0]] + rest[1:]
		default:
			match := directives[rest[0]]
			if match == "" {
				return nil, nil, vm.Raise(vm.ValueError, "'%c' is a bad directive in format '%s'", rest[0], format)
			}
			pattern.WriteString("(" + match + ")")
			verbs = append(verbs, rest[0])
			rest = rest[1:]
		}
	}
	re, err := regexp.Compile(pattern.String())
	return re, verbs, err
}

// fromFields puts the fields together.
func fromFields(fields map[byte]string) (brokenTime, error) {
	number := func(verb byte, otherwise int) int {
		n, err := strconv.Atoi(strings.TrimSpace(fields[verb]))
		if err != nil {
			return otherwise
		}
		return n
	}
	b := brokenTime{dst: -1, year: number('Y', 1900), month: number('m', 1), day: number('d', 1),
		hour: number('H', 0), minute: number('M', 0), second: number('S', 0)}
	if f := fields['f']; f != "" {
		b.micro, _ = strconv.Atoi((f + "00000")[:6])
	}
	if y := number('y', -1); y >= 0 {
		b.year = 2000 + y
		if y > 68 {
			b.year = 1900 + y
		}
	}
	if hour := number('I', -1); hour >= 0 {
		b.hour = hour % 12
		if strings.EqualFold(fields['p'], "PM") {
			b.hour += 12
		}
	}
	for _, verb := range []byte{'b', 'B'} {
		if name := fields[verb]; name != "" {
			b.month = 1 + indexOf(12, name, func(i int) string { return monthName(i + 1) })
		}
	}
	if err := b.setDay(fields, number); err != nil {
		return b, err
	}
	b.setZone(fields)
	return b, nil
}

// setDay finds out the date and its weekday.
func (b *brokenTime) setDay(fields map[byte]string, number func(byte, int) int) error {
	year := b.year
	if fields['Y'] == "" && fields['y'] == "" && b.month == 2 && b.day == 29 {
		year = 1904 // so that there is such a day
	}
	date := time.Date(year, time.Month(b.month), b.day, 0, 0, 0, 0, time.UTC)
	if day := number('j', 0); day > 0 {
		date = time.Date(year, time.January, day, 0, 0, 0, 0, time.UTC)
		b.year = date.Year()
	} else if date.Day() != b.day {
		return vm.Raise(vm.ValueError, "day is out of range for month")
	}
	b.month, b.day, b.yearday = int(date.Month()), date.Day(), date.YearDay()
	b.weekday = (int(date.Weekday()) + 6) % 7
	switch {
	case fields['w'] != "":
		b.weekday = (number('w', 0) + 6) % 7
	case fields['u'] != "":
		b.weekday = number('u', 1) - 1
	}
	for _, verb := range []byte{'a', 'A'} {
		if name := fields[verb]; name != "" {
			b.weekday = indexOf(7, name, dayName)
		}
	}
	return nil
}

// setZone notes what %Z and %z said.
func (b *brokenTime) setZone(fields map[byte]string) {
	if zone := fields['Z']; zone != "" {
		b.zone, b.dst = zone, 0
	}
	z := strings.ReplaceAll(fields['z'], ":", "")
	if z == "" {
		return
	}
	b.hasOffset = true
	if len(z) == 5 {
		n, _ := strconv.Atoi(z[1:])
		b.offset = n/100*3600 + n%100*60
	}
	if z[0] == '-' {
		b.offset = -b.offset
	}
}

// indexOf finds a name by its first letters, whatever their case.
func indexOf(n int, name string, nth func(int) string) int {
	for i := range n {
		if full := nth(i); len(name) <= len(full) && strings.EqualFold(full[:len(name)], name) {
			return i
		}
	}
	return 0
}
