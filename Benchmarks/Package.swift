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

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "Benchmarks",
  products: [
    .executable(name: "bench", targets: ["bench"]),
    .executable(name: "generate-ruleset", targets: ["generate-ruleset"]),
    .executable(name: "soak", targets: ["soak"]),
    .library(name: "RulesetGenerator", targets: ["RulesetGenerator"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // What the exporter is compared with must not pass through the exporter's own code, so this
    // package has system libraries of its own.
    .systemLibrary(
      name: "CLibiptc", pkgConfig: "libiptc", providers: [.apt(["libip4tc-dev", "libiptc-dev"])]),
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "CSodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    .target(
      name: "RulesetGenerator", dependencies: ["CSodium"], swiftSettings: settings,
      linkerSettings: [.linkedLibrary(":libsodium.a")]),
    .target(
      name: "Harness", dependencies: ["CLinux", "RulesetGenerator"], swiftSettings: settings),
    .target(name: "ScrapeChecks", dependencies: ["CZlib"], swiftSettings: settings),
    .executableTarget(
      name: "generate-ruleset", dependencies: ["RulesetGenerator", argumentParser],
      swiftSettings: settings),
    .executableTarget(
      name: "bench", dependencies: ["CLibiptc", "Harness", "RulesetGenerator", argumentParser],
      swiftSettings: settings),
    .executableTarget(
      name: "soak", dependencies: ["Harness", "RulesetGenerator", "ScrapeChecks", argumentParser],
      swiftSettings: settings),

    .testTarget(
      name: "RulesetGeneratorTests", dependencies: ["RulesetGenerator"], swiftSettings: settings),
    .testTarget(
      name: "ScrapeChecksTests", dependencies: ["CZlib", "ScrapeChecks"], swiftSettings: settings),
  ]
)
