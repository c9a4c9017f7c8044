package builtins

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"mpstar/host/kernel"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// inZone runs a test with a local zone, if the system knows it.
func inZone(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Skipf("needs the time zone database: %v", err)
		}
		before := time.Local
		time.Local = zone
		defer func() { time.Local = before }()
		test(t)
	})
}

// timeExprs are a fixed sample of times in every directive.
func timeExprs() []string {
	const verbs = "aAbBcCdDeFgGhHIjklmMnpPrRStTuUVwWxXyYzZ%+QEO"
	exprs := []string{"time.timezone", "time.altzone", "time.daylight", "time.tzname",
		"time.strftime('%Z', (1950, 1, 1, 0, 0, 0, 0, 1, 0))", "time.strftime('%Z', (1950, 1, 1, 0, 0, 0, 0, 1, 1))"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		seconds := random.Int64N(8e9) - 3e9
		for _, f := range []string{"localtime", "gmtime"} {
			exprs = append(exprs, fmt.Sprintf("time.%s(%d)", f, seconds), fmt.Sprintf("time.%s(%d).tm_zone", f, seconds), fmt.Sprintf("time.%s(%d).tm_gmtoff", f, seconds))
			for _, verb := range verbs {
				exprs = append(exprs, fmt.Sprintf("time.strftime('%%%c|', time.%s(%d))", verb, f, seconds))
			}
		}
		exprs = append(exprs, fmt.Sprintf("time.mktime(time.localtime(%d))", seconds), fmt.Sprintf("time.ctime(%d)", seconds),
			fmt.Sprintf("time.asctime(time.gmtime(%d))", seconds))
		// What the fields say need not agree. %Z is left out: glibc's tzname depends on what it was asked before.
		tuple := fmt.Sprintf("(%d, %d, %d, %d, %d, %d, %d, %d, %d)", random.IntN(300)+1850, random.IntN(13), random.IntN(32), random.IntN(24),
			random.IntN(60), random.IntN(62), random.IntN(7), random.IntN(367), random.IntN(3)-1)
		for _, verb := range strings.ReplaceAll(verbs, "Z", "") {
			exprs = append(exprs, fmt.Sprintf("time.strftime('%%%c|', %s)", verb, tuple))
		}
		exprs = append(exprs, fmt.Sprintf("time.mktime(%s)", tuple))
	}
	return exprs
}

func TestTimeSameAsPython(t *testing.T) {
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney"} {
		inZone(t, zone, func(t *testing.T) { compare(t, timeExprs(), "TZ="+zone) })
	}
}

func TestTimeFlagsSameAsPython(t *testing.T) {
	inZone(t, "UTC", func(t *testing.T) {
		var exprs []string
		for _, flag := range []string{"-", "_", "0", "^", "#", "5", "-5", "_5", "010", "^10"} {
			for _, verb := range "aAbBCdeFgGHIjklmMpRSTuUVwWyYZ" {
				exprs = append(exprs, fmt.Sprintf("time.strftime('%%%s%c|', (2024, 3, 7, 5, 6, 9, 3, 67, 0))", flag, verb))
			}
		}
		compare(t, exprs, "TZ=UTC")
	})
}

func TestTimeErrorsSameAsPython(t *testing.T) {
	compare(t, []string{
		"time.strftime('%c', (2024, 13, 1, 0, 0, 0, 0, 1, 0))", "time.strftime('%c', (2024, 1, 32, 0, 0, 0, 0, 1, 0))",
		"time.strftime('%c', (2024, 1, 1, 24, 0, 0, 0, 1, 0))", "time.strftime('%c', (2024, 1, 1, 0, 60, 0, 0, 1, 0))",
		"time.strftime('%c', (2024, 1, 1, 0, 0, 62, 0, 1, 0))", "time.strftime('%c', (2024, 1, 1, 0, 0, 0, -2, 1, 0))",
		"time.strftime('%c', (2024, 1, 1, 0, 0, 0, 8, 1, 0))", "time.strftime('%c', (2024, 1, 1, 0, 0, 0, 0, 367, 0))", "time.strftime('%c', 5)",
		"time.localtime('x')", "time.gmtime(1e18)", "time.gmtime(1e30)", "time.gmtime(float('nan'))", "time.gmtime(1.9)", "time.gmtime(-1.5)",
		"time.sleep(-1)", "time.sleep('x')", "time.sleep(None)", "time.sleep()", "time.sleep(float('nan'))",
		"time.struct_time((1, 2))", "time.struct_time((2024, 1, 1, 0, 0, 0, 0, 1, 0))", "time.struct_time((2024, 1, 1, 0, 0, 0, 0, 1, 0)).tm_zone",
	})
}

func TestStrptimeSameAsPython(t *testing.T) {
	var exprs []string
	for _, pair := range [][2]string{
		{"2024-03-07 05:06:09", "%Y-%m-%d %H:%M:%S"}, {"Thu Mar  7 05:06:09 2024", "%c"}, {"Thu Mar 7 05:06:09 2024", "%a %b %d %H:%M:%S %Y"},
		{"7 march 24", "%d %B %y"}, {"5 PM", "%I %p"}, {"12 am", "%I %p"}, {"12", "%I"}, {"2024 060", "%Y %j"}, {"99", "%y"}, {"68", "%y"}, {"69", "%y"},
		{"Feb 29", "%b %d"}, {"2023 Feb 29", "%Y %b %d"}, {"2024 +0230", "%Y %z"}, {"2024 -02:30", "%Y %z"}, {"2024 UTC", "%Y %Z"}, {"2024Z", "%Y%z"},
		{"sunday", "%A"}, {"3", "%w"}, {"3", "%u"}, {"x", "%Y"}, {"2024x", "%Y"}, {"2024", "%Q"}, {"2024", "%Y%"}, {"50%", "%y%%"}, {"03/07/24", "%x"}, {"05:06:61", "%X"},
		{"  2024", " %Y"}, {"a.b", "a.b"}, {"aXb", "a.b"}, {"1.5", "%H.%f"}, {"2024-13-01", "%Y-%m-%d"},
	} {
		exprs = append(exprs, fmt.Sprintf("time.strptime(%q, %q)", pair[0], pair[1]), fmt.Sprintf("time.strptime(%q, %q).tm_gmtoff", pair[0], pair[1]))
	}
	compare(t, exprs, "TZ=UTC")
}

func TestClocks(t *testing.T) {
	p, k := newTestProcess()
	k.now = 3500 * time.Millisecond
	check(t, p,
		"time.time()", "1700000004",
		"time.time_ns()", "1700000004000000000",
		"time.monotonic()", "3.5",
		"time.perf_counter_ns()", "3500000000",
		"time.sleep(0.25)", "None",
		"time.sleep(2)", "None",
		"time.monotonic()", "5.75",
		"time.process_time() >= 0", "True",
	)
}

// TestSleepGoesOn: an interrupted sleep leaves in its arguments what is left,
// because the VM calls it again with them.
func TestSleepGoesOn(t *testing.T) {
	p, k := newTestProcess()
	k.now, k.interruptAt = time.Second, 3*time.Second
	args := []vm.Value{starlark.MakeInt(10)}
	if _, err := timeSleep(p, args, nil); !errors.Is(err, kernel.ErrInterrupted) {
		t.Fatalf("got %v", err)
	}
	if args[0] != vm.Value(starlark.Float(8)) {
		t.Fatalf("%v seconds are left, want 8", args[0])
	}
	if _, err := timeSleep(p, args, nil); err != nil || k.now != 11*time.Second {
		t.Fatalf("woke up at %v: %v", k.now, err)
	}
}

func TestStructSeq(t *testing.T) {
	p, _ := newTestProcess()
	v := eval(t, p, []string{"time.gmtime(0).tm_year", "time.gmtime(0)[7]", "len(time.gmtime(0))", "time.gmtime(0)[-3:]", "time.gmtime(0) == time.gmtime(0)", "time.gmtime(0) < time.gmtime(86400)"})
	differences(t, v, v, []string{"1970", "1", "9", "[3, 1, 0]", "True", "True"})
	s := breakDown(time.Unix(0, 0).UTC()).value()
	if got, want := s.String(), "time.struct_time(tm_year=1970, tm_mon=1, tm_mday=1, tm_hour=0, tm_min=0, tm_sec=0, tm_wday=3, tm_yday=1, tm_isdst=0)"; got != want {
		t.Errorf("got %s", got)
	}
	if travelled := roundTrip(t, s); travelled.String() != s.String() || travelled.of != structTime {
		t.Errorf("%v became %v", s, travelled)
	}
}
