public import Netfilter

/// What a reading of one family in one backend came to.
public struct FamilyReading: Sendable {
  public let backend: Backend
  public let family: IPFamily
  public let result: Result<FamilySnapshot, ReadingError>

  public init(
    backend: Backend, family: IPFamily, result: Result<FamilySnapshot, ReadingError>
  ) {
    self.backend = backend
    self.family = family
    self.result = result
  }
}
