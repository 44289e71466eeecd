import Netfilter
import XTables

/// What a kernel may hold of an extension, and the options that libxtables 1.8.9 has for it.
struct KernelStruct: Sendable, CustomStringConvertible {
  let role: XTables.Role
  let name: String
  let revision: UInt8
  let bytes: [UInt8]
  let options: String
  let family: IPFamily

  init(
    _ role: XTables.Role, _ name: String, _ revision: UInt8, _ bytes: [UInt8],
    _ options: String = "", _ family: IPFamily = .ipv4
  ) {
    self.role = role
    self.name = name
    self.revision = revision
    self.bytes = bytes
    self.options = options
    self.family = family
  }

  static func match(
    _ name: String, _ revision: UInt8, _ bytes: [UInt8], _ options: String = "",
    _ family: IPFamily = .ipv4
  ) -> KernelStruct {
    KernelStruct(.match, name, revision, bytes, options, family)
  }

  static func target(
    _ name: String, _ revision: UInt8, _ bytes: [UInt8], _ options: String = "",
    _ family: IPFamily = .ipv4
  ) -> KernelStruct {
    KernelStruct(.target, name, revision, bytes, options, family)
  }

  var description: String { "\(name) \(revision)\(options) \(bytes.count) bytes" }

  /// What is written of it, behind a blank.
  var text: String { text(of: bytes) }

  private static let extensions = XTables()

  /// What is written of the same extension with other bytes.
  ///
  /// - Parameter sets: the names of sets of ipset.
  func text(of bytes: [UInt8], sets: [UInt16: String] = [:]) -> String {
    var line = LineWriter(family: family)
    let extensions =
      sets.isEmpty ? Self.extensions : XTables { sets[$0].map { Array($0.utf8) } ?? [] }
    extensions.write(
      role, Array(name.utf8).span, revision: revision, info: bytes.span, to: &line)
    return String(decoding: line.bytes, as: UTF8.self)
  }

  /// What is written where nothing is known, up to the digest.
  func unknownText(_ size: Int) -> String {
    " -\(role == .match ? "m" : "j") \(name) [unrecognised, \(size) bytes, "
  }
}
