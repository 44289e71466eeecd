public import Netfilter

/// What a reading of one family in one backend came to.
public struct FamilyReading: Sendable {
  public let backend: Backend
  public let family: IPFamily
  public let result: Result<FamilySnapshot, ReadingError>
  /// Whether the family is read at each reading. Where not, it is in a backend that was not chosen,
  /// and its counters are old; its rules are not, or a minute at most.
  ///
  /// A family that can't be read is followed too where the signs' chains may be in its backend.
  public let isFollowed: Bool

  public init(
    backend: Backend, family: IPFamily, result: Result<FamilySnapshot, ReadingError>,
    isFollowed: Bool = true
  ) {
    self.backend = backend
    self.family = family
    self.result = result
    self.isFollowed = isFollowed
  }
}
