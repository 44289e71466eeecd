import KubeProxy
import Netfilter
import Testing

@Suite("What a chain is, by its name")
struct ChainKindTests {
  static let kinds: [(name: String, kind: String, scope: RuleScope)] = [
    ("KUBE-SVC-NPX46M4PTMTKRN6Y", "KUBE-SVC", .service),
    ("KUBE-SVL-NPX46M4PTMTKRN6Y", "KUBE-SVL", .service),
    ("KUBE-EXT-NPX46M4PTMTKRN6Y", "KUBE-EXT", .service),
    ("KUBE-FW-NPX46M4PTMTKRN6Y", "KUBE-FW", .service),
    ("KUBE-XLB-NPX46M4PTMTKRN6Y", "KUBE-XLB", .service),
    ("KUBE-SEP-KVGH6HHOFLBGG2WW", "KUBE-SEP", .service),
    ("KUBE-SERVICES", "KUBE-other", .dispatch),
    ("KUBE-NODEPORTS", "KUBE-other", .dispatch),
    ("KUBE-EXTERNAL-SERVICES", "KUBE-other", .dispatch),
    ("KUBE-POSTROUTING", "KUBE-other", .system),
    ("KUBE-MARK-MASQ", "KUBE-other", .system),
    ("KUBE-PROXY-CANARY", "KUBE-other", .system),
    ("KUBE-PROXY-FIREWALL", "KUBE-other", .dispatch),
    ("KUBE-SVC-SHORT", "KUBE-other", .system),
    ("KUBE-SVC-npx46m4ptmtkrn6y", "KUBE-other", .system),
    ("KUBE-SVC-NPX46M4PTMTKRN6YX", "KUBE-other", .system),
    ("KUBE-ROUTER", "KUBE-other", .system),
    ("KUBE-ROUTER-FORWARD", "KUBE-ROUTER", .other),
    ("KUBE-ROUTER-ABCDEFGHIJKL", "KUBE-ROUTER", .other),
    ("KUBE-POD-FW-2GD4ZVJ7C65IYZ3X", "KUBE-ROUTER", .other),
    ("KUBE-NWPLCY-3SFR6VKEAYH3KPPT", "KUBE-ROUTER", .other),
    ("KUBE-NWPLCY-DEFAULT", "KUBE-ROUTER", .other),
    ("KUBE", "other", .other),
    ("kube-services", "other", .other),
    ("PREROUTING", "other", .other),
    ("cali-PREROUTING", "CALICO", .other),
    ("cali-tw-cali0123456789a", "CALICO", .other),
    ("CILIUM_PRE_nat", "CILIUM", .other),
    ("OLD_CILIUM_FORWARD", "CILIUM", .other),
    ("CNI-HOSTPORT-DNAT", "CNI", .other),
    ("CNI-DN-d2a4f9b6e1c07a35b8f10", "CNI", .other),
    ("DOCKER", "DOCKER", .other),
    ("DOCKER-ISOLATION-STAGE-1", "DOCKER", .other),
    ("FLANNEL-POSTRTG", "FLANNEL", .other),
    ("WEAVE-NPC", "WEAVE", .other),
    ("my-rules", "other", .other),
  ]

  @Test("A user's chain is of its owner's kind", arguments: kinds)
  func kind(_ name: String, _ kind: String, _ scope: RuleScope) throws {
    let chain = Chain(name: try #require(ChainName(name)))
    #expect(ChainKind.of(chain) == kind)
    #expect(RuleScope(chain) == scope)
  }

  @Test(
    "A built-in chain is one, whatever it is called", arguments: ["PREROUTING", "KUBE-SERVICES"])
  func builtIn(_ name: String) throws {
    let chain = Chain(name: try #require(ChainName(name)), policy: .accept)
    #expect(ChainKind.of(chain) == "builtin")
    #expect(RuleScope(chain) == .hook)
  }
}
