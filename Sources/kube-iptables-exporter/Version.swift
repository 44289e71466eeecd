private import CBuildInformation
internal import Exporter

/// What this binary is.
enum Version {
  static let build = BuildInformation(
    version: "0.1.0", revision: revision, swiftVersion: swiftVersion)

  static var text: String {
    "kube-iptables-exporter \(build.version) (revision \(build.revision), Swift \(swiftVersion))"
  }

  /// The commit, or what the environment variable REVISION said at build time.
  private static var revision: String {
    unsafe String(cString: CBuildInformation_revision())
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
