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

let package = Package(
  name: "Benchmarks",
  products: [
    .executable(name: "bench", targets: ["bench"]),
    .executable(name: "generate-ruleset", targets: ["generate-ruleset"]),
    .library(name: "RulesetGenerator", targets: ["RulesetGenerator"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    // The kernel's and libiptc's side of the comparison must not pass through the exporter's own
    // code, so this package has a system library of its own.
    .systemLibrary(
      name: "CLibiptc", pkgConfig: "libiptc", providers: [.apt(["libip4tc-dev", "libiptc-dev"])]),
    .target(
      name: "RulesetGenerator",
      dependencies: [.product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: settings),
    .executableTarget(
      name: "generate-ruleset",
      dependencies: [
        "RulesetGenerator",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "bench",
      dependencies: [
        "CLibiptc", "RulesetGenerator",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
  ]
)
