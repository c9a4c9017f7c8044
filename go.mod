module mpstar

go 1.26.0

require go.starlark.net v0.0.0-20260908191801-89a6a09411d5

require (
	github.com/peterh/liner v1.2.3
	golang.org/x/sys v0.49.0
)

require (
	github.com/clipperhouse/uax29/v2 v2.7.0 // indirect
	github.com/mattn/go-runewidth v0.0.31 // indirect
)
