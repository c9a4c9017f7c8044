package compile

import (
	"mpstar/host/syntax"
	"os"
	"testing"
)

func TestDev(t *testing.T) {
	for _, name := range os.Args[len(os.Args)-1:] {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Skip()
		}
		f, err := syntax.Parse(&syntax.Source{Name: name, Text: string(text)})
		if err != nil {
			t.Fatal(err)
		}
		var g Globals
		c, err := File(f, &g, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if os.Getenv("DIS") != "" {
			DisassembleGlobals(os.Stdout, c, &g)
		}
		if err := Verify(c); err != nil {
			t.Error(err)
		}
	}
}
