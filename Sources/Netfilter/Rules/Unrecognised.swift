/// An extension that this library doesn't decode: still counted, compared and attributed.
public struct Unrecognised: Sendable, Hashable {
  /// The extension's name, such as `hashlimit`.
  public let name: String
  /// The extension's revision; 0 where the source doesn't tell.
  public let revision: UInt8
  /// What the source holds of it: the kernel's bytes, or the option text of a saved file.
  ///
  /// Before the bytes of ``SetReferences`` stand the sets' names.
  public let payload: [UInt8]
  /// Whether ``payload`` is text.
  public let isText: Bool

  /// As what a rule has it.
  public enum Role: Sendable {
    case match
    case target
  }

  public init(name: String, revision: UInt8 = 0, payload: [UInt8], isText: Bool = false) {
    self.isText = isText
    self.name = name
    self.revision = revision
    self.payload = payload
  }

  /// The payload's size in bytes.
  public var size: Int { payload.count }
}
