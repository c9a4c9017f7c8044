//go:build !(linux && (amd64 || arm64))

package unix

// The real kernel needs Linux on amd64 or arm64: memfd, OFD locks and a signal
// handler in assembly. A build for anything else stops here, on purpose.
var _ = mpstar_host_kernel_unix_supports_only_linux_on_amd64_and_arm64
