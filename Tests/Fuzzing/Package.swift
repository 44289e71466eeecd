// swift-tools-version: 6.2
import PackageDescription

// The exporter's own modules, compiled once more: with the address sanitizer, with the counters that
// libFuzzer steers by, and so that their insides can be called. What they depend on is left as it is.
let settings: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"]),
]

/// A module of the exporter; `Modules` leads to its `Sources`.
func module(
  _ name: String, _ dependencies: [Target.Dependency], linkerSettings: [LinkerSetting] = []
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Modules/\(name)", swiftSettings: settings,
    linkerSettings: linkerSettings)
}

func library(_ name: String) -> Target { .systemLibrary(name: name, path: "Modules/\(name)") }

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
  name: "Fuzzing",
  dependencies: [
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2")
  ],
  targets: [
    library("CGlibc"), library("CIPTables"), library("CNFTables"), library("CPCRE2"),
    library("CSodium"), library("CYAML"), library("CZlib"), .systemLibrary(name: "CLibFuzzer"),

    module("Netfilter", []),
    module("XTables", ["Netfilter"]),
    module(
      "Platform", ["CGlibc", "CPCRE2", "CSodium"],
      linkerSettings: [.linkedLibrary(":libpcre2-8.a"), .linkedLibrary(":libsodium.a")]),
    module("IPTablesSource", ["CIPTables", "CNFTables", "Netfilter", "Platform", "XTables"]),
    module("KubeProxy", ["Netfilter", "Platform"]),
    module("Churn", ["KubeProxy", "Netfilter"]),
    module("Console", ["Platform"]),
    module("Anomalies", ["KubeProxy", "Netfilter", "PacketWalk", "Platform"]),
    module("PacketWalk", ["Netfilter"]),
    module("Answers", ["Anomalies", "Churn", "Console", "KubeProxy", "Netfilter", "PacketWalk"]),
    module("Exposition", ["Platform"]),
    module(
      "Tracking",
      [
        "Anomalies", "Churn", "Exposition", "IPTablesSource", "KubeProxy", "Netfilter", "Platform",
        logging,
      ]),
    module(
      "Collectors",
      [
        "Anomalies", "Churn", "Exposition", "IPTablesSource", "KubeProxy", "Netfilter", "Platform",
        "Tracking", logging,
      ]),
    module(
      "Page",
      [
        "Churn", "Collectors", "IPTablesSource", "KubeProxy", "Netfilter", "Platform", "Tracking",
      ]),
    module("WebConfiguration", ["CYAML"]),
    // Links to what takes a client's bytes apart once NIO has found the header fields: so NIO, which has
    // fuzzing of its own, needs not be built.
    .target(
      name: "HTTPEndpoint", dependencies: ["CZlib", "Exposition", "Platform", "WebConfiguration"],
      swiftSettings: settings),

    .executableTarget(
      name: "fuzz",
      dependencies: [
        "Anomalies", "Answers", "CLibFuzzer", "CZlib", "Churn", "Collectors", "Console",
        "Exposition", "HTTPEndpoint", "IPTablesSource", "KubeProxy", "Netfilter", "Page",
        "Platform", "WebConfiguration", "XTables", logging,
      ],
      swiftSettings: settings,
      // gold gives up on so many sections.
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
  ]
)
