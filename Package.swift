// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// What `--version` and the build_info metric say; a source tree without git takes it from outside.
let revision =
  Context.environment["REVISION"]
  ?? Context.gitInformation.map { String($0.currentCommit.prefix(12)) } ?? "unknown"

let package = Package(
  name: "kube-iptables-exporter",
  products: [
    .executable(name: "kube-iptables-exporter", targets: ["kube-iptables-exporter"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .target(
      name: "CBuildInformation", cSettings: [.define("REVISION", to: "\"\(revision)\"")]),
    .systemLibrary(name: "CCrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),
    .systemLibrary(name: "CGlibc"),
    .systemLibrary(
      name: "CIPTables", pkgConfig: "libiptc",
      providers: [.apt(["libip4tc-dev", "libip6tc-dev", "libiptc-dev"])]),
    .systemLibrary(name: "CNFTables", pkgConfig: "libmnl", providers: [.apt(["libmnl-dev"])]),
    .target(name: "CStartCheck"),
    .systemLibrary(name: "CPCRE2", providers: [.apt(["libpcre2-dev"])]),
    .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    .target(name: "Netfilter", swiftSettings: settings),
    .target(name: "XTables", dependencies: ["Netfilter"], swiftSettings: settings),
    .target(
      name: "Platform", dependencies: ["CGlibc", "CPCRE2", "CSodium"], swiftSettings: settings,
      // The archives: a node needs no library more.
      linkerSettings: [.linkedLibrary(":libpcre2-8.a"), .linkedLibrary(":libsodium.a")]),
    .target(name: "Console", dependencies: ["Platform"], swiftSettings: settings),
    .target(
      name: "IPTablesSource",
      dependencies: ["CIPTables", "CNFTables", "Netfilter", "Platform", "XTables"],
      swiftSettings: settings),
    .target(
      name: "KubeProxy", dependencies: ["Netfilter", "Platform"], swiftSettings: settings),
    .target(name: "PacketWalk", dependencies: ["Netfilter"], swiftSettings: settings),
    .target(name: "Churn", dependencies: ["KubeProxy", "Netfilter"], swiftSettings: settings),
    .target(
      name: "Anomalies", dependencies: ["KubeProxy", "Netfilter", "PacketWalk", "Platform"],
      swiftSettings: settings),
    .target(
      name: "Answers",
      dependencies: ["Anomalies", "Churn", "Console", "KubeProxy", "Netfilter", "PacketWalk"],
      swiftSettings: settings),
    .target(name: "Exposition", dependencies: ["Platform"], swiftSettings: settings),
    .target(
      name: "Tracking",
      dependencies: [
        "Anomalies", "Churn", "Exposition", "IPTablesSource", "KubeProxy", "Netfilter", "Platform",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .target(
      name: "Collectors",
      dependencies: [
        "Anomalies", "Churn", "Exposition", "IPTablesSource", "KubeProxy", "Netfilter", "Platform",
        "Tracking", .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .target(
      name: "Page",
      dependencies: [
        "Anomalies", "Answers", "Churn", "Collectors", "IPTablesSource", "KubeProxy", "Netfilter",
        "Platform", "Tracking",
      ],
      swiftSettings: settings),
    .target(name: "WebConfiguration", dependencies: ["CYAML"], swiftSettings: settings),
    .target(
      name: "HTTPEndpoint",
      dependencies: [
        "CCrypt", "CZlib", "Exposition", "Platform", "WebConfiguration",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "kube-iptables-exporter",
      dependencies: [
        "Answers", "CBuildInformation", "CStartCheck", "Collectors", "Console",
        "Exposition", "HTTPEndpoint", "IPTablesSource", "KubeProxy", "Netfilter", "Page",
        "Platform", "Tracking",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings),

    .target(
      name: "TestSupport", dependencies: ["IPTablesSource", "Netfilter"], path: "Tests/TestSupport",
      swiftSettings: settings),
    .testTarget(name: "PlatformTests", dependencies: ["Platform"], swiftSettings: settings),
    .testTarget(
      name: "NetfilterTests", dependencies: ["Netfilter", "TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "XTablesTests", dependencies: ["Netfilter", "TestSupport", "XTables"],
      swiftSettings: settings),
    .testTarget(
      name: "IPTablesSourceTests",
      dependencies: ["IPTablesSource", "KubeProxy", "Netfilter", "TestSupport", "XTables"],
      swiftSettings: settings),
    .testTarget(
      name: "KubeProxyTests", dependencies: ["KubeProxy", "Netfilter", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "PacketWalkTests",
      dependencies: ["IPTablesSource", "Netfilter", "PacketWalk", "TestSupport"],
      exclude: ["Agents"], swiftSettings: settings),
    .testTarget(
      name: "AnomaliesTests",
      dependencies: [
        "Anomalies", "Answers", "Console", "IPTablesSource", "KubeProxy", "Netfilter",
        "TestSupport",
      ],
      swiftSettings: settings),
    .testTarget(name: "ConsoleTests", dependencies: ["Console"], swiftSettings: settings),
    .testTarget(
      name: "AnswersTests",
      dependencies: [
        "Answers", "Churn", "Console", "IPTablesSource", "KubeProxy", "Netfilter", "TestSupport",
      ],
      swiftSettings: settings),
    .testTarget(name: "ExpositionTests", dependencies: ["Exposition"], swiftSettings: settings),
    .testTarget(
      name: "ExporterTests",
      dependencies: [
        "CGlibc", "Churn", "Collectors", "Exposition", "IPTablesSource", "KubeProxy", "Netfilter",
        "Page", "Platform", "TestSupport", "Tracking",
        .product(name: "Logging", package: "swift-log"),
      ],
      exclude: ["Golden"], swiftSettings: settings),
    // Runs the program that stands beside it.
    .testTarget(name: "CommandTests", dependencies: ["TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "ChurnTests", dependencies: ["Churn", "KubeProxy", "Netfilter", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "WebConfigurationTests", dependencies: ["WebConfiguration", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "HTTPEndpointTests",
      dependencies: [
        "HTTPEndpoint", "CCrypt", "CZlib", "TestSupport", "WebConfiguration",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: settings),
  ]
)
