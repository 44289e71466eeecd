/// Runs `body` with a copy of the bytes that ends where its allocation does, so that the address
/// sanitizer sees whoever reads beyond it.
func withExactCopy<Value>(
  of bytes: some Collection<UInt8>, _ body: (UnsafeRawBufferPointer) -> Value
) -> Value {
  let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
  defer { unsafe copy.deallocate() }
  unsafe copy.copyBytes(from: bytes)
  return unsafe body(UnsafeRawBufferPointer(copy))
}
