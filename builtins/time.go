package builtins

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"mpstar/host/kernel"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
	"golang.org/x/sys/unix"
)

const timeDoc = "Clocks, sleeping, and dates. Under a simulated kernel time is virtual."

// timeNatives is module time.
var timeNatives = []*vm.Native{
	{Name: "time.sleep", Sig: "(seconds)", Fn: timeSleep, Doc: "Do nothing for that many seconds. Signal handlers run meanwhile; the sleep then goes on."},
	{Name: "time.time", Sig: "()", Fn: secondsOf("time", wallClock), Doc: "Return the seconds since 1970, as a float."},
	{Name: "time.time_ns", Sig: "()", Fn: nanosecondsOf("time_ns", wallClock), Doc: "Return the nanoseconds since 1970."},
	{Name: "time.monotonic", Sig: "()", Fn: secondsOf("monotonic", monotonicClock), Doc: "Return the seconds on a clock that only goes forward, the same for all processes."},
	{Name: "time.monotonic_ns", Sig: "()", Fn: nanosecondsOf("monotonic_ns", monotonicClock), Doc: "As monotonic, in nanoseconds."},
	{Name: "time.perf_counter", Sig: "()", Fn: secondsOf("perf_counter", monotonicClock), Doc: "As monotonic: for measuring durations."},
	{Name: "time.perf_counter_ns", Sig: "()", Fn: nanosecondsOf("perf_counter_ns", monotonicClock), Doc: "As perf_counter, in nanoseconds."},
	{Name: "time.process_time", Sig: "()", Fn: secondsOf("process_time", processClock), Doc: "Return the processor time that this process has used, in seconds."},
	{Name: "time.process_time_ns", Sig: "()", Fn: nanosecondsOf("process_time_ns", processClock), Doc: "As process_time, in nanoseconds."},
	{Name: "time.thread_time", Sig: "()", Fn: secondsOf("thread_time", processClock), Doc: "As process_time: a script has one thread."},
	{Name: "time.thread_time_ns", Sig: "()", Fn: nanosecondsOf("thread_time_ns", processClock), Doc: "As thread_time, in nanoseconds."},
	{Name: "time.clock_gettime", Sig: "(clk_id)", Fn: timeClock("clock_gettime", func(ns int64) vm.Value { return starlark.Float(float64(ns) / 1e9) }),
		Doc: "Return the seconds on a clock: CLOCK_REALTIME, CLOCK_MONOTONIC or CLOCK_PROCESS_CPUTIME_ID."},
	{Name: "time.clock_gettime_ns", Sig: "(clk_id)", Fn: timeClock("clock_gettime_ns", func(ns int64) vm.Value { return starlark.MakeInt64(ns) }), Doc: "As clock_gettime, in nanoseconds."},
	{Name: "time.localtime", Sig: "(seconds=None)", Fn: timeLocaltime, Doc: "Turn seconds since 1970, or now, into a struct_time of the local zone."},
	{Name: "time.gmtime", Sig: "(seconds=None)", Fn: timeGmtime, Doc: "Turn seconds since 1970, or now, into a struct_time of UTC."},
	{Name: "time.mktime", Sig: "(t)", Fn: timeMktime, Doc: "Turn a struct_time of the local zone into seconds since 1970."},
	{Name: "time.strftime", Sig: "(format, t=None)", Fn: timeStrftime, Doc: "Write a struct_time, or now, by a format such as '%Y-%m-%d %H:%M:%S'."},
	{Name: "time.strptime", Sig: "(string, format='%a %b %d %H:%M:%S %Y')", Fn: timeStrptime, Doc: "Read a struct_time that was written by a format."},
	{Name: "time.asctime", Sig: "(t=None)", Fn: timeAsctime, Doc: "Write a struct_time, or now, as 'Thu Jan  1 00:00:00 1970'."},
	{Name: "time.ctime", Sig: "(seconds=None)", Fn: timeCtime, Doc: "Write seconds since 1970, or now, as asctime does, in the local zone."},
	{Name: "time.struct_time", Sig: "(sequence)", Fn: timeStruct, Makes: "struct_time", Doc: "Make a struct_time of nine to eleven values."},
}

// structTime is time.struct_time.
var structTime = &structType{name: "time.struct_time",
	fields: []string{"tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst"},
	extra:  []string{"tm_zone", "tm_gmtoff"}}

// timeModule makes module time. The zone is that of the host.
func timeModule() *vm.Module {
	m := newModule("time", timeDoc, timeNatives, nil)
	for _, row := range clocks {
		m.Set(row.name, starlark.MakeInt(row.id))
	}
	standard, summer := zones(time.Now().Year())
	name, offset := standard.Zone()
	summerName, summerOffset := summer.Zone()
	m.Set("timezone", starlark.MakeInt(-offset))
	m.Set("altzone", starlark.MakeInt(-summerOffset))
	m.Set("daylight", starlark.MakeInt(map[bool]int{true: 1}[offset != summerOffset]))
	m.Set("tzname", starlark.Tuple{starlark.String(name), starlark.String(summerName)})
	return m
}

// zones returns a time of the year without and with summer time; the same
// twice if there is none.
func zones(year int) (standard, summer time.Time) {
	standard = time.Date(year, time.January, 1, 12, 0, 0, 0, time.Local)
	summer = time.Date(year, time.July, 1, 12, 0, 0, 0, time.Local)
	if standard.IsDST() {
		return summer, standard
	}
	return standard, summer
}

// Clocks.

func wallClock(p *vm.Process) (int64, error)      { return p.Kernel.Time().UnixNano(), nil }
func monotonicClock(p *vm.Process) (int64, error) { return int64(p.Kernel.Monotonic()), nil }

func processClock(p *vm.Process) (int64, error) {
	var ts unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts)
	return ts.Nano(), osError(err, "")
}

// clocks are the clocks of clock_gettime(2).
var clocks = []struct {
	name string
	id   int
	now  func(*vm.Process) (int64, error)
}{
	{"CLOCK_REALTIME", unix.CLOCK_REALTIME, wallClock},
	{"CLOCK_MONOTONIC", unix.CLOCK_MONOTONIC, monotonicClock},
	{"CLOCK_PROCESS_CPUTIME_ID", unix.CLOCK_PROCESS_CPUTIME_ID, processClock},
	{"CLOCK_THREAD_CPUTIME_ID", unix.CLOCK_THREAD_CPUTIME_ID, processClock},
}

func timeClock(name string, value func(ns int64) vm.Value) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		var id int
		if err := unpack(name, args, kwargs, "clk_id", &id); err != nil {
			return nil, err
		}
		for _, row := range clocks {
			if row.id == id {
				ns, err := row.now(p)
				return value(ns), err
			}
		}
		return nil, osError(unix.EINVAL, "")
	}
}

func secondsOf(name string, clock func(*vm.Process) (int64, error)) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		if err := unpack(name, args, kwargs); err != nil {
			return nil, err
		}
		ns, err := clock(p)
		return starlark.Float(float64(ns) / 1e9), err
	}
}

func nanosecondsOf(name string, clock func(*vm.Process) (int64, error)) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		if err := unpack(name, args, kwargs); err != nil {
			return nil, err
		}
		ns, err := clock(p)
		return starlark.MakeInt64(ns), err
	}
}

// timeSleep leaves in args what is still to sleep when a signal interrupts: the
// VM makes the call again once the handlers have run.
func timeSleep(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if len(args) != 1 || len(kwargs) > 0 {
		return nil, vm.Raise(vm.TypeError, "time.sleep() takes exactly one argument (%d given)", len(args)+len(kwargs))
	}
	d, err := sleepLength(args[0])
	if err != nil {
		return nil, err
	}
	speed := sleepSpeed()
	if speed > 1 {
		d = time.Duration(float64(d) / speed)
	}
	now := p.Kernel.Monotonic()
	deadline := now + min(d, math.MaxInt64-now)
	err = p.Kernel.Sleep(deadline)
	if errors.Is(err, kernel.ErrInterrupted) {
		left := max(deadline-p.Kernel.Monotonic(), 0)
		args[0] = starlark.Float(left.Seconds() * speed)
	}
	return none(osError(err, ""))
}

// SleepVariable names an environment variable that says how many times too fast time.sleep is.
// There is none unless the linker sets this (-X): only the tests do, for
// lessons that sleep for a minute.
var SleepVariable string

func sleepSpeed() float64 {
	if SleepVariable == "" {
		return 1
	}
	speed, err := strconv.ParseFloat(os.Getenv(SleepVariable), 64)
	if err != nil || speed < 1 {
		return 1
	}
	return speed
}

func sleepLength(v vm.Value) (time.Duration, error) {
	seconds, ok := v.(starlark.Float)
	if !ok {
		if _, err := asInteger(v); err != nil {
			return 0, err
		}
		f, err := asFloat(v)
		if err != nil {
			return 0, err
		}
		seconds = starlark.Float(f)
	}
	switch f := float64(seconds); {
	case math.IsNaN(f):
		return 0, vm.Raise(vm.ValueError, "Invalid value NaN (not a number)")
	case f < 0:
		return 0, vm.Raise(vm.ValueError, "sleep length must be non-negative")
	case f >= math.MaxInt64/1e9:
		return 0, vm.Raise(vm.OverflowError, "timestamp out of range for platform time_t")
	default:
		return duration(f), nil
	}
}

// Broken-down time.

// A brokenTime is a struct_time that has been taken apart: C's struct tm, but with the
// year, month and day of the year as people count them.
type brokenTime struct {
	year, month, day, hour, minute, second, micro int
	weekday                                       int    // Monday is 0
	yearday                                       int    // from 1
	dst                                           int    // negative if unknown
	zone                                          string // "" if unknown
	offset                                        int    // seconds east of UTC
	hasOffset                                     bool
}

// breakDown takes a time apart.
func breakDown(t time.Time) brokenTime {
	zone, offset := t.Zone()
	b := brokenTime{
		year: t.Year(), month: int(t.Month()), day: t.Day(), hour: t.Hour(), minute: t.Minute(), second: t.Second(),
		weekday: (int(t.Weekday()) + 6) % 7, yearday: t.YearDay(), zone: zone, offset: offset, hasOffset: true,
	}
	if t.IsDST() {
		b.dst = 1
	}
	return b
}

func (b brokenTime) value() *StructSeq {
	var values starlark.Tuple
	for _, n := range []int{b.year, b.month, b.day, b.hour, b.minute, b.second, b.weekday, b.yearday, b.dst} {
		values = append(values, starlark.MakeInt(n))
	}
	var zone, offset vm.Value = starlark.None, starlark.None
	if b.zone != "" {
		zone = starlark.String(b.zone)
	}
	if b.hasOffset {
		offset = starlark.MakeInt(b.offset)
	}
	return newStruct(structTime, append(values, zone, offset)...)
}

// asBrokenTime converts a struct_time or a tuple of nine ints.
func asBrokenTime(v vm.Value) (brokenTime, error) {
	var b brokenTime
	values, ok := v.(starlark.Tuple)
	if s, isStruct := v.(*StructSeq); isStruct && s.of == structTime {
		values, ok = s.Tuple(), true
		b.zone, _ = starlark.AsString(s.values[9])
		if offset, err := asInt(s.values[10]); err == nil {
			b.offset, b.hasOffset = offset, true
		}
	}
	if !ok {
		return b, vm.Raise(vm.TypeError, "Tuple or struct_time argument required")
	}
	if len(values) != len(structTime.fields) {
		return b, vm.Raise(vm.TypeError, "illegal time tuple argument")
	}
	for i, field := range []*int{&b.year, &b.month, &b.day, &b.hour, &b.minute, &b.second, &b.weekday, &b.yearday, &b.dst} {
		n, err := asInt(values[i])
		if err != nil {
			return b, err
		}
		*field = n
	}
	return b, nil
}

// check follows checktm in Modules/timemodule.c: a 0 for month, day or day of the
// year counts as 1.
func (b *brokenTime) check() error {
	b.month, b.day, b.yearday = orOne(b.month), orOne(b.day), orOne(b.yearday)
	for _, field := range []struct {
		value, low, high int
		name             string
	}{
		{b.month, 1, 12, "month"},
		{b.day, 1, 31, "day of month"},
		{b.hour, 0, 23, "hour"},
		{b.minute, 0, 59, "minute"},
		{b.second, 0, 61, "seconds"},
		{b.yearday, 1, 366, "day of year"},
	} {
		if field.value < field.low || field.value > field.high {
			return vm.Raise(vm.ValueError, "%s out of range", field.name)
		}
	}
	if b.weekday < -1 {
		return vm.Raise(vm.ValueError, "day of week out of range")
	}
	b.weekday = floorMod(b.weekday, 7)
	return nil
}

func orOne(n int) int {
	if n == 0 {
		return 1
	}
	return n
}

func floorMod(a, b int) int { return ((a % b) + b) % b }

// time returns the moment, as mktime(3) does: the fields may be out of range, and
// dst says what the clock showed where that is ambiguous or wrong.
func (b brokenTime) time() time.Time {
	t := time.Date(b.year, time.Month(b.month), b.day, b.hour, b.minute, b.second, 0, time.Local)
	standard, summer := zones(t.Year())
	_, winterOffset := standard.Zone()
	_, summerOffset := summer.Zone()
	shift := time.Duration(summerOffset-winterOffset) * time.Second
	if shift == 0 {
		shift = time.Hour // what glibc takes for a zone without summer time
	}
	switch {
	case b.dst > 0 && !t.IsDST():
		return t.Add(-shift)
	case b.dst == 0 && t.IsDST():
		return t.Add(shift)
	}
	return t
}

// moment unpacks an optional number of seconds since 1970.
func moment(p *vm.Process, name string, args []vm.Value, kwargs []starlark.Tuple) (time.Time, error) {
	var v vm.Value = starlark.None
	if err := unpack(name, args, kwargs, "seconds?", &v); err != nil {
		return time.Time{}, err
	}
	if v == starlark.None {
		return p.Kernel.Time(), nil
	}
	if f, ok := v.(starlark.Float); ok {
		v = starlark.Float(math.Floor(float64(f)))
	} else if _, err := asInteger(v); err != nil {
		return time.Time{}, err
	}
	seconds, err := asFloat(v)
	if err != nil {
		return time.Time{}, err
	}
	const most = 6.7e16 // the year must fit into a C int
	switch {
	case math.IsNaN(seconds):
		return time.Time{}, vm.Raise(vm.ValueError, "Invalid value NaN (not a number)")
	case math.Abs(seconds) >= 1<<63:
		return time.Time{}, vm.Raise(vm.OverflowError, "timestamp out of range for platform time_t")
	case math.Abs(seconds) > most:
		return time.Time{}, osError(unix.EOVERFLOW, "")
	}
	return time.Unix(int64(seconds), 0), nil
}

func timeLocaltime(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	t, err := moment(p, "localtime", args, kwargs)
	if err != nil {
		return nil, err
	}
	return breakDown(t.Local()).value(), nil
}

func timeGmtime(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	t, err := moment(p, "gmtime", args, kwargs)
	if err != nil {
		return nil, err
	}
	b := breakDown(t.UTC())
	b.zone = "GMT" // as the C library calls it
	return b.value(), nil
}

func timeMktime(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var v vm.Value
	if err := unpack("mktime", args, kwargs, "t", &v); err != nil {
		return nil, err
	}
	b, err := asBrokenTime(v)
	if err != nil {
		return nil, err
	}
	return starlark.Float(b.time().Unix()), nil
}

func timeStruct(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var v vm.Value
	if err := unpack("struct_time", args, kwargs, "sequence", &v); err != nil {
		return nil, err
	}
	elems, err := p.Iterate(v)
	if err != nil {
		return nil, err
	}
	least, most := len(structTime.fields), len(structTime.fields)+len(structTime.extra)
	if len(elems) < least {
		return nil, vm.Raise(vm.TypeError, "time.struct_time() takes an at least %d-sequence (%d-sequence given)", least, len(elems))
	}
	if len(elems) > most {
		return nil, vm.Raise(vm.TypeError, "time.struct_time() takes an at most %d-sequence (%d-sequence given)", most, len(elems))
	}
	values := append(starlark.Tuple(nil), elems...)
	for len(values) < most {
		values = append(values, starlark.None)
	}
	return newStruct(structTime, values...), nil
}

// brokenArg unpacks an optional struct_time, by default now.
func brokenArg(p *vm.Process, v vm.Value) (brokenTime, error) {
	if v == nil || v == starlark.None {
		return breakDown(p.Kernel.Time().Local()), nil
	}
	b, err := asBrokenTime(v)
	if err != nil {
		return b, err
	}
	return b, b.check()
}

func timeAsctime(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var v vm.Value
	if err := unpack("asctime", args, kwargs, "t?", &v); err != nil {
		return nil, err
	}
	b, err := brokenArg(p, v)
	if err != nil {
		return nil, err
	}
	return starlark.String(b.asctime()), nil
}

func timeCtime(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	t, err := moment(p, "ctime", args, kwargs)
	if err != nil {
		return nil, err
	}
	return starlark.String(breakDown(t.Local()).asctime()), nil
}

func (b brokenTime) asctime() string {
	return fmt.Sprintf("%s %s%3d %02d:%02d:%02d %d", dayName(b.weekday)[:3], monthName(b.month)[:3], b.day, b.hour, b.minute, b.second, b.year)
}

// dayName returns the name of a day, 0 being Monday; monthName that of a month from 1.
func dayName(weekday int) string { return time.Weekday((weekday + 1) % 7).String() }
func monthName(month int) string { return time.Month(month).String() }

// Formats.

func timeStrftime(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var format, v vm.Value
	if err := unpack("strftime", args, kwargs, "format", &format, "t?", &v); err != nil {
		return nil, err
	}
	layout, ok := format.(starlark.String)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "strftime() argument 1 must be str, not %s", vm.TypeName(format))
	}
	b, err := brokenArg(p, v)
	if err != nil {
		return nil, err
	}
	if strings.IndexByte(string(layout), 0) >= 0 {
		return nil, vm.Raise(vm.ValueError, "embedded null character")
	}
	return starlark.String(b.format(string(layout))), nil
}

// A conversion is one %-directive of strftime: flags and width as glibc has them.
type conversion struct {
	pad   byte // '0', ' ' or '-' for none; 0 if not given
	upper bool // ^
	swap  bool // #
	width int
	verb  byte
}

// format is strftime(3) of glibc in the C locale.
func (b brokenTime) format(layout string) string {
	var out strings.Builder
	for layout != "" {
		i := strings.IndexByte(layout, '%')
		if i < 0 {
			out.WriteString(layout)
			break
		}
		out.WriteString(layout[:i])
		layout = layout[i:]
		c, n := parseConversion(layout)
		if s, ok := b.convert(c); ok {
			out.WriteString(s)
		} else {
			out.WriteString(layout[:n])
		}
		layout = layout[n:]
	}
	return out.String()
}

// parseConversion reads a directive; verb is 0 if it is cut off.
func parseConversion(s string) (c conversion, n int) {
	n = 1
flags:
	for ; n < len(s); n++ {
		switch s[n] {
		case '_':
			c.pad = ' '
		case '-', '0':
			c.pad = s[n]
		case '^':
			c.upper = true
		case '#':
			c.swap = true
		default:
			break flags
		}
	}
	for ; n < len(s) && s[n] >= '0' && s[n] <= '9'; n++ {
		c.width = min(c.width*10+int(s[n]-'0'), 1024)
	}
	if n < len(s) && (s[n] == 'E' || s[n] == 'O') {
		n++
	}
	if n < len(s) {
		c.verb = s[n]
		n++
	}
	return c, n
}

// composed are the directives that stand for several others.
var composed = map[byte]string{
	'c': "%a %b %e %H:%M:%S %Y", 'D': "%m/%d/%y", 'F': "%Y-%m-%d", 'r': "%I:%M:%S %p", 'R': "%H:%M",
	'T': "%H:%M:%S", 'x': "%m/%d/%y", 'X': "%H:%M:%S",
}

// convert writes one directive. It reports false for one that does not exist.
func (b brokenTime) convert(c conversion) (string, bool) {
	if layout := composed[c.verb]; layout != "" {
		return c.text(b.format(layout)), true
	}
	if n, width, pad, ok := b.number(c.verb); ok {
		return c.number(n, width, pad), true
	}
	switch c.verb {
	case 'a':
		return c.text(dayName(b.weekday)[:3]), true
	case 'A':
		return c.text(dayName(b.weekday)), true
	case 'b', 'h':
		return c.text(monthName(b.month)[:3]), true
	case 'B':
		return c.text(monthName(b.month)), true
	case 'p':
		if c.swap {
			return c.text(strings.ToLower(b.half())), true
		}
		return c.text(b.half()), true
	case 'P':
		return c.text(strings.ToLower(b.half())), true
	case 'n':
		return "\n", true
	case 't':
		return "\t", true
	case '%':
		return "%", true
	case 'Z':
		if c.swap {
			return c.text(strings.ToLower(b.zoneName())), true
		}
		return c.text(b.zoneName()), true
	case 'z':
		return c.offset(b), true
	}
	return "", false
}

// number returns the value of a numeric directive, its usual width and padding.
func (b brokenTime) number(verb byte) (n, width int, pad byte, ok bool) {
	isoYear, isoWeek := b.isoWeek()
	switch verb {
	case 'C':
		return floorDiv(b.year, 100), 1, '0', true
	case 'd':
		return b.day, 2, '0', true
	case 'e':
		return b.day, 2, ' ', true
	case 'g':
		return floorMod(isoYear, 100), 2, '0', true
	case 'G':
		return isoYear, 1, '0', true
	case 'H':
		return b.hour, 2, '0', true
	case 'I':
		return floorMod(b.hour-1, 12) + 1, 2, '0', true
	case 'j':
		return b.yearday, 3, '0', true
	case 'k':
		return b.hour, 2, ' ', true
	case 'l':
		return floorMod(b.hour-1, 12) + 1, 2, ' ', true
	case 'm':
		return b.month, 2, '0', true
	case 'M':
		return b.minute, 2, '0', true
	case 's':
		return int(b.time().Unix()), 1, '0', true
	case 'S':
		return b.second, 2, '0', true
	case 'u':
		return b.weekday + 1, 1, '0', true
	case 'U':
		return (b.yearday - 1 + 7 - (b.weekday+1)%7) / 7, 2, '0', true
	case 'V':
		return isoWeek, 2, '0', true
	case 'w':
		return (b.weekday + 1) % 7, 1, '0', true
	case 'W':
		return (b.yearday - 1 + 7 - b.weekday) / 7, 2, '0', true
	case 'y':
		return floorMod(b.year, 100), 2, '0', true
	case 'Y':
		return b.year, 1, '0', true
	}
	return 0, 0, 0, false
}

func floorDiv(a, b int) int { return (a - floorMod(a, b)) / b }

// half is AM or PM.
func (b brokenTime) half() string {
	if b.hour >= 12 {
		return "PM"
	}
	return "AM"
}

// zoneName is what %Z writes: without a zone of its own, that of time.tzname by dst.
func (b brokenTime) zoneName() string {
	if b.zone != "" {
		return b.zone
	}
	standard, summer := zones(time.Now().Year())
	t := standard
	if b.dst > 0 {
		t = summer
	} else if b.dst < 0 {
		return ""
	}
	name, _ := t.Zone()
	return name
}

// isoWeek returns the year and week of ISO 8601, from year, weekday and day of the year
// as given, which need not agree.
func (b brokenTime) isoWeek() (year, week int) {
	year = b.year
	days := isoDays(b.yearday, b.weekday)
	if days < 0 {
		year--
		days = isoDays(b.yearday+daysIn(year), b.weekday)
	} else if next := isoDays(b.yearday-daysIn(year), b.weekday); next >= 0 {
		year++
		days = next
	}
	return year, days/7 + 1
}

// isoDays is the number of days since the Monday of the first ISO week, which is
// the one that has the year's first Thursday; negative before it (glibc's iso_week_days).
func isoDays(yearday, weekday int) int {
	yday, sunday := yearday-1, (weekday+1)%7
	return yday - floorMod(yday-sunday+4, 7) + 3
}

// daysIn returns the length of a year.
func daysIn(year int) int { return time.Date(year, time.December, 31, 0, 0, 0, 0, time.UTC).YearDay() }

// text pads a text and changes its case, as the flags say.
func (c conversion) text(s string) string {
	if c.upper || c.swap && strings.IndexByte("aAbBh", c.verb) >= 0 {
		s = strings.ToUpper(s)
	}
	pad := " "
	if c.pad == '0' {
		pad = "0"
	}
	if len(s) < c.width {
		s = strings.Repeat(pad, c.width-len(s)) + s
	}
	return s
}

// number pads a number.
func (c conversion) number(n, width int, pad byte) string {
	if c.width > 0 {
		width = c.width
	}
	if c.pad != 0 {
		pad = c.pad
	}
	switch {
	case pad == '-':
		return fmt.Sprintf("%*d", c.width, n)
	case pad == ' ':
		return fmt.Sprintf("%*d", width, n)
	}
	return fmt.Sprintf("%0*d", width, n)
}

// offset is %z. A tuple, which has no offset, counts as UTC (as in CPython).
func (c conversion) offset(b brokenTime) string {
	if b.dst < 0 {
		return ""
	}
	sign, offset := "+", b.offset
	if offset < 0 {
		sign, offset = "-", -offset
	}
	return fmt.Sprintf("%s%02d%02d", sign, offset/3600, offset/60%60)
}
