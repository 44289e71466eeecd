import FoundationEssentials

/// Bytes that a kernel held of a rule, as `Tests/Fuzzing/Seeds` keeps them for the fuzzer.
public struct KernelSeed: Sendable, Hashable {
  /// Such as `legacy/ipv4-nat-10`.
  public let name: String
  public let bytes: [UInt8]

  /// All of one domain, sorted by name.
  ///
  /// - Parameter domain: such as `legacy`; `Tests/Fuzzing/Seeds/record` says what the bytes are.
  public static func all(_ domain: String) -> [KernelSeed] {
    let path = directory + "/" + domain
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return files.sorted().compactMap { file in
      FileManager.default.contents(atPath: path + "/" + file).map {
        KernelSeed(name: domain + "/" + file, bytes: Array($0))
      }
    }
  }

  private static let directory: String = {
    let here = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return here.dropLast(2).joined(separator: "/") + "/Fuzzing/Seeds"
  }()
}

extension KernelSeed: CustomStringConvertible {
  public var description: String { name }
}
