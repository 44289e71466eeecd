@testable import IPTablesSource

/// Runs `body` with a copy of the bytes that ends where its allocation does.
func withKernelBytes(of bytes: some Collection<UInt8>, _ body: (KernelBytes) -> Void) {
  unsafe withExactCopy(of: bytes) { unsafe body(KernelBytes($0)) }
}
