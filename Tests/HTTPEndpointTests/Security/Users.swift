import CCrypt
import Glibc
import Testing

@testable import WebConfiguration

/// Users with hashes that take little time.
enum Users {
  struct NoHash: Error {}

  /// The hash of a password, at bcrypt's lowest cost unless told otherwise.
  static func hash(of password: String, cost: String = "04") throws -> BcryptHash {
    var data = [UInt8](repeating: 0, count: Int(CCrypt_dataSize))
    let setting = "$2y$\(cost)$abcdefghijklmnopqrstuu"
    let hash = unsafe data.withUnsafeMutableBytes { data in
      unsafe crypt_rn(password, setting, data.baseAddress, CInt(data.count)).map {
        unsafe String(cString: $0)
      }
    }
    guard let hash else { throw NoHash() }
    return try BcryptHash(parsing: hash)
  }

  /// The part of a configuration that lets in users with these passwords.
  static func configuration(_ passwords: [String: String]) throws -> String {
    let lines = try passwords.map { "  \"\($0)\": \(try hash(of: $1).text)\n" }
    return "basic_auth_users:\n" + lines.joined()
  }
}
