/// What this binary was built from.
public struct BuildInformation: Sendable, Hashable {
  public let version: String
  public let revision: String
  public let swiftVersion: String

  public init(version: String, revision: String, swiftVersion: String) {
    self.version = version
    self.revision = revision
    self.swiftVersion = swiftVersion
  }
}
