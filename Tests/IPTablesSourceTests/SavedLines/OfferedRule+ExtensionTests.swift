import FoundationEssentials
import Netfilter
import Testing

extension OfferedRule {
  /// The rules of iptables' own extension tests, in the folder that `KIE_EXTENSION_TESTS` names.
  ///
  /// Tests of arptables and ebtables are left out, and so is what needs another program (`@`).
  static func ofExtensionTests() throws -> [OfferedRule] {
    let folder = try #require(extensionTestFolder)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    return try files.flatMap { file -> [OfferedRule] in
      guard let families = families(ofFile: file) else { return [] }
      let bytes = try #require(FileManager.default.contents(atPath: folder + "/" + file))
      let name = String(file.dropLast(2)).replacing("lib", with: "", maxReplacements: 1)
      return rules(in: String(decoding: bytes, as: UTF8.self), name, families)
    }
  }

  static let extensionTestFolder: String? = {
    let folder = ProcessInfo.processInfo.environment["KIE_EXTENSION_TESTS"] ?? ""
    return folder.isEmpty ? nil : folder
  }()

  /// Nil where the file is of another program than iptables and ip6tables.
  private static func families(ofFile name: String) -> [IPFamily]? {
    guard name.hasSuffix(".t") else { return nil }
    if name.hasPrefix("libipt_") { return [.ipv4] }
    if name.hasPrefix("libip6t_") { return [.ipv6] }
    return name.hasPrefix("libxt_") || name == "iptables.t" ? IPFamily.allCases : nil
  }

  /// The rules of a file, each with its line's number.
  ///
  /// A line is a table (`*nat`), chains (`:INPUT`), a command that comes first (`%iptables -I INPUT …`), or
  /// `RULE;WHAT IS SAVED;OK` or `FAIL`. (iptables-test.py of the same package reads it this way.)
  private static func rules(
    in text: String, _ name: String, _ families: [IPFamily]
  ) -> [OfferedRule] {
    let preparation = "%iptables -I INPUT "
    var table = TableName.filter
    var rules: [OfferedRule] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let fields = line.split(separator: ";", omittingEmptySubsequences: false)
      switch line.first {
      case "*": table = TableName(rawValue: String(line.dropFirst())) ?? table
      case "%" where !line.hasPrefix(preparation), "#", ":", "@", nil: break
      default:
        let text = line.hasPrefix(preparation) ? line.dropFirst(preparation.count) : fields[0]
        rules.append(
          OfferedRule(
            chain: name + ":" + padded(number + 1), text: String(text), table: table,
            families: families, isRefusedByPlan: fields.count > 2 && fields[2].hasPrefix("FAIL")))
      }
    }
    return rules
  }
}

extension Trait where Self == ConditionTrait {
  /// For tests that read iptables' own extension tests, which `.ci/extensions` fetches.
  static var extensionTests: Self {
    .enabled("KIE_EXTENSION_TESTS is not set") { OfferedRule.extensionTestFolder != nil }
  }
}
