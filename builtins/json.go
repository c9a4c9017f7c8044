package builtins

import (
	"mpstar/host/vm"

	starlarkjson "go.starlark.net/lib/json"
	"go.starlark.net/starlark"
)

// Module json is CPython's dumps and its kind, in json_encode.go and json_decode.go,
// and go.starlark.net's encode, decode, indent and encode_indent as they are.

const jsonDoc = "Write values as JSON and read them. encode, decode, indent and encode_indent are Starlark's, dumps and loads Python's."

const (
	dumpsSig = "(obj, *, skipkeys=False, ensure_ascii=True, check_circular=True, allow_nan=True, cls=None, indent=None, separators=None, default=None, sort_keys=False)"
	loadsSig = "(s, *, cls=None, object_hook=None, parse_float=None, parse_int=None, parse_constant=None, object_pairs_hook=None, strict=True)"
)

var jsonRows = []row{
	{name: "dumps", sig: dumpsSig, fn: jsonDumps, slow: "slow_json_dumps", doc: "Return obj as JSON. default(x) is called for what JSON does not have, and returns something to write in its place."},
	{name: "dump", sig: "(obj, fp, **options)", raw: needScriptNative, slow: "slow_json_dump", doc: "Write obj as JSON to a file. The options are those of dumps."},
	{name: "loads", sig: loadsSig, fn: jsonLoads, slow: "slow_json_loads", doc: "Return the value that a str or bytes is in JSON. object_hook(dict) makes what stands for an object, as does object_pairs_hook of a list of pairs."},
	{name: "load", sig: "(fp, **options)", raw: needScriptNative, slow: "slow_json_load", doc: "Return the value that a file holds as JSON. The options are those of loads."},
}

// jsonIntrinsics are what the prelude needs of the module.
var jsonIntrinsics = []row{
	{name: "_json_dumps", sig: dumpsSig, fn: jsonDumps, slow: "slow_json_dumps"},
	{name: "_json_loads", sig: loadsSig, fn: jsonLoads, slow: "slow_json_loads"},
	{name: "_json_tree", sig: "(s, start, whole, hooked, strict)", fn: jsonTree},
}

// The classes of the module. Their methods are in the prelude, all but one.
var (
	jsonDecodeError = vm.NewNativeClass("json.decoder", "JSONDecodeError", vm.ValueError)
	jsonEncoder     = vm.NewNativeClass("json.encoder", "JSONEncoder", vm.Object)
	jsonDecoder     = vm.NewNativeClass("json.decoder", "JSONDecoder", vm.Object)
)

var jsonMethods = []struct {
	class   *vm.Class
	methods []*vm.Native
}{
	{jsonDecodeError, []*vm.Native{
		{Name: "__init__", Sig: "(msg, doc, pos)", Fn: jsonErrorInit, Doc: "Set the attributes msg, doc, pos, lineno and colno."},
	}},
	{jsonEncoder, []*vm.Native{
		{Name: "__init__", Sig: "(**options)", Slow: "slow_json_encoder_init", Doc: "Set the options, which are those of dumps."},
		{Name: "default", Sig: "(o)", Slow: "slow_json_encoder_default", Doc: "Return something to write in the place of o, which JSON does not have. To be overridden."},
		{Name: "encode", Sig: "(o)", Slow: "slow_json_encoder_encode", Doc: "Return o as JSON."},
		{Name: "iterencode", Sig: "(o)", Slow: "slow_json_encoder_iterencode", Doc: "Return a list of the parts of o as JSON."},
	}},
	{jsonDecoder, []*vm.Native{
		{Name: "__init__", Sig: "(**options)", Slow: "slow_json_decoder_init", Doc: "Set the options, which are those of loads."},
		{Name: "decode", Sig: "(s)", Slow: "slow_json_decoder_decode", Doc: "Return the value that a str is in JSON."},
		{Name: "raw_decode", Sig: "(s, idx=0)", Slow: "slow_json_decoder_raw_decode", Doc: "Return the value at the start of a str and where it ends."},
	}},
}

func init() {
	for _, c := range jsonMethods {
		for _, m := range c.methods {
			name := m.Name
			m.Name, m.Method = c.class.Module+"."+c.class.Name+"."+name, true
			if m.Fn == nil {
				m.Fn = needScriptNative
			}
			c.class.SetAttr(name, m)
		}
	}
	intrinsicRows = append(intrinsicRows, jsonIntrinsics...)
}

func jsonModule() *vm.Module {
	m := newModule("json", jsonDoc, functions("json", jsonRows), []constant{
		{"JSONDecodeError", jsonDecodeError},
		{"JSONDecoder", jsonDecoder},
		{"JSONEncoder", jsonEncoder},
	})
	for _, name := range starlarkjson.Module.Members.Keys() {
		m.Set(name, starlarkjson.Module.Members[name])
	}
	m.Set("decode", shallowDecode)
	return m
}

// shallowDecode is Starlark's json.decode for texts that are not so deep that
// its recursion would end the program.
var shallowDecode = starlark.NewBuiltin("json.decode", func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (vm.Value, error) {
	if len(args) > 0 {
		if text, ok := args[0].(starlark.String); ok && jsonDepth(string(text)) > maxJSONDepth {
			return nil, vm.Raise(vm.RecursionError, "maximum recursion depth exceeded while decoding JSON")
		}
	}
	return starlarkjson.Module.Members["decode"].(*starlark.Builtin).CallInternal(thread, args, kwargs)
})

const maxJSONDepth = 100_000

// jsonDepth returns how deep the brackets of a text nest, of those in strings too.
func jsonDepth(text string) (deepest int) {
	depth := 0
	for _, c := range []byte(text) {
		switch c {
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth--
		}
	}
	return deepest
}

// jsonEncoderModule and jsonDecoderModule are the places where CPython has the classes.
func jsonEncoderModule() *vm.Module {
	return newModule("json.encoder", "Where JSONEncoder is.", nil, []constant{{"JSONEncoder", jsonEncoder}})
}

func jsonDecoderModule() *vm.Module {
	return newModule("json.decoder", "Where JSONDecoder and JSONDecodeError are.", nil, []constant{
		{"JSONDecodeError", jsonDecodeError},
		{"JSONDecoder", jsonDecoder},
	})
}

// jsonErrorInit is JSONDecodeError.__init__.
func jsonErrorInit(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var msg, doc string
	var pos int
	if err := unpack("JSONDecodeError.__init__", args[1:], kwargs, "msg", &msg, "doc", &doc, "pos", &pos); err != nil {
		return nil, err
	}
	e, ok := args[0].(*vm.Exception)
	if !ok {
		return nil, badReceiver("JSONDecodeError", "__init__", args)
	}
	setJSONError(e, msg, doc, pos)
	return starlark.None, nil
}
