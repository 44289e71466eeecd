internal import Exporter

/// What this binary is. `make build` fills in the revision.
enum Version {
  static let build = BuildInformation(
    version: "0.1.0", revision: Revision.text, swiftVersion: swiftVersion)

  static var text: String {
    "kube-iptables-exporter \(build.version) (revision \(build.revision), Swift \(swiftVersion))"
  }

  /// The compiler's language version: `#if compiler` is all that a program can learn of it.
  private static var swiftVersion: String {
    #if compiler(>=6.4)
      "6.4"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "6.2"
    #endif
  }
}
