private import Glibc
internal import Netfilter

extension ChainName {
  /// The name at a C string; libiptc's are at most 31 bytes, and so fit.
  @inline(__always)
  init(cString: UnsafePointer<CChar>) {
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    let count = unsafe min(strlen(cString), Self.maximumLength)
    unsafe withUnsafeMutableBytes(of: &words) { bytes in
      unsafe bytes.copyMemory(from: UnsafeRawBufferPointer(start: cString, count: count))
    }
    self.init(bigEndianWords: words)
  }
}
