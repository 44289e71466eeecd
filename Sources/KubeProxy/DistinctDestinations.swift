internal import Netfilter

/// Counts distinct destinations: a handful, nearly always, and then looked through faster than
/// hashed.
struct DistinctDestinations {
  private var few: [AddressTranslation] = []
  private var many: Set<AddressTranslation> = []

  var count: Int { few.count + many.count }

  mutating func insert(_ destination: AddressTranslation) {
    if few.contains(destination) { return }
    if few.count < 16 { few.append(destination) } else { many.insert(destination) }
  }
}
