import KubeProxy
import Netfilter
import Testing

@Suite("The backend that kube-proxy uses")
struct BackendChoiceTests {
  private static let nothing = BackendEvidence()
  private static let some = BackendEvidence(rules: 5)
  private static let more = BackendEvidence(rules: 50)
  private static let hint = BackendEvidence(hasHint: true)
  private static let services = BackendEvidence(hasChain: true, rules: 20)
  private static let all = BackendEvidence(hasChain: true, hasHint: true, rules: 20)

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let legacy: BackendEvidence?
    let nft: BackendEvidence?
    let choice: BackendChoice

    init(
      _ description: String, legacy: BackendEvidence?, nft: BackendEvidence?, _ backend: Backend,
      _ reason: BackendChoice.Reason
    ) {
      testDescription = description
      self.legacy = legacy
      self.nft = nft
      choice = BackendChoice(backend: backend, reason: reason)
    }
  }

  static let cases = [
    Case("Is the only one with its rules", legacy: services, nft: nothing, .legacy, .services),
    Case("Is that with its rules, not with more", legacy: more, nft: services, .nft, .services),
    Case("Is that with its rules, not the hint", legacy: services, nft: hint, .legacy, .services),
    Case("Is told by the hint of two", legacy: all, nft: services, .legacy, .hint),
    Case("Is nf_tables where both have hints", legacy: all, nft: all, .nft, .hint),
    Case("Is told by a hint before its rules are there", legacy: hint, nft: more, .legacy, .hint),
    Case("Is that with more rules of two", legacy: services, nft: services, .nft, .rules),
    Case("Is legacy where that has more", legacy: more, nft: some, .legacy, .rules),
    Case("Is nf_tables where there is nothing", legacy: nothing, nft: nothing, .nft, .rules),
    Case("Is the only one that can be read", legacy: nothing, nft: nil, .legacy, .rules),
    Case("Is the only one that can be read", legacy: nil, nft: nothing, .nft, .rules),
  ]

  @Test("It", arguments: cases)
  func choice(_ example: Case) {
    #expect(BackendChoice(legacy: example.legacy, nft: example.nft) == example.choice)
  }
}
