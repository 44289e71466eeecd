internal import CLibiptc
internal import Glibc
internal import Harness

/// The nat table of IPv4, taken from the kernel with nothing in between.
struct KernelTable: ~Copyable {
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_RAW.rawValue), Int32(IPPROTO_RAW))
    guard descriptor >= 0 else {
      throw HarnessError("a raw socket cannot be opened: \(systemError())")
    }
  }

  deinit {
    close(descriptor)
  }

  /// The table's size in bytes.
  func size() throws -> Int {
    var information = ipt_getinfo()
    Self.setName(&information.name)
    var length = socklen_t(MemoryLayout<ipt_getinfo>.size)
    let result = unsafe getsockopt(
      descriptor, Int32(IPPROTO_IP), IPT_SO_GET_INFO, &information, &length)
    guard result == 0 else { throw HarnessError("IPT_SO_GET_INFO: \(systemError())") }
    return Int(information.size)
  }

  /// Copies the whole table into a buffer that is allocated, and freed, for the purpose: the least
  /// that any reader must do.
  func read() throws {
    let size = try size()
    let length = MemoryLayout<ipt_get_entries>.size + size
    // From malloc, a smaller table would land in pages that an earlier one left behind.
    let mapping = unsafe mmap(
      nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let buffer = unsafe mapping, unsafe buffer != MAP_FAILED else {
      throw HarnessError("no memory for \(length) bytes")
    }
    defer { unsafe munmap(buffer, length) }
    let request = unsafe buffer.bindMemory(to: ipt_get_entries.self, capacity: 1)
    Self.setName(&(unsafe request.pointee.name))
    unsafe request.pointee.size = UInt32(size)
    var written = socklen_t(length)
    let result = unsafe getsockopt(
      descriptor, Int32(IPPROTO_IP), IPT_SO_GET_ENTRIES, buffer, &written)
    guard result == 0 else { throw HarnessError("IPT_SO_GET_ENTRIES: \(systemError())") }
  }

  private static func setName<Name: BitwiseCopyable>(_ name: inout Name) {
    unsafe withUnsafeMutableBytes(of: &name) { bytes in
      unsafe bytes.copyBytes(from: "nat".utf8)
    }
  }
}
