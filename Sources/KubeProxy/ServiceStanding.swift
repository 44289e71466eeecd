/// Where a service port was found.
enum ServiceStanding: UInt8, Sendable {
  case absent
  /// In the filter table only.
  case filter
  /// In nat, under its name.
  case nat
  /// In nat, under a name that ends in a colon.
  case natWithColon

  init(_ name: WrittenName) { self = name.endsInColon ? .natWithColon : .nat }

  var isInNat: Bool { self == .nat || self == .natWithColon }
}
