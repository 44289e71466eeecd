internal import CZlib

/// Decodes one gzip member with zlib's own decoder.
///
/// - Returns: `nil` where it is not exactly one valid member.
package func gunzip(_ member: [UInt8]) -> [UInt8]? {
  var stream = unsafe z_stream()
  let size = unsafe CInt(MemoryLayout<z_stream>.size)
  guard unsafe inflateInit2_(&stream, MAX_WBITS + 16, ZLIB_VERSION, size) == Z_OK else {
    return nil
  }
  defer { unsafe inflateEnd(&stream) }
  var input = member
  var content: [UInt8] = []
  var scratch = [UInt8](repeating: 0, count: 256 * 1024)
  let code = unsafe input.withUnsafeMutableBufferPointer { input in
    unsafe stream.next_in = input.baseAddress
    unsafe stream.avail_in = UInt32(input.count)
    var code = Z_OK
    while code == Z_OK {
      unsafe scratch.withUnsafeMutableBufferPointer { output in
        unsafe stream.next_out = output.baseAddress
        unsafe stream.avail_out = UInt32(output.count)
        code = unsafe inflate(&stream, Z_NO_FLUSH)
        unsafe content.append(contentsOf: output.dropLast(Int(stream.avail_out)))
      }
    }
    return code
  }
  return unsafe code == Z_STREAM_END && stream.avail_in == 0 ? content : nil
}
