internal import Netfilter

/// What a dump is of: one family in one backend.
struct DumpIdentity: Hashable, Comparable {
  let backend: Backend
  let family: IPFamily

  static func < (left: DumpIdentity, right: DumpIdentity) -> Bool {
    (left.family, left.backend) < (right.family, right.backend)
  }
}
