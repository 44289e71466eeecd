/// Finds what somebody meant who spelt a word wrong.
public enum Spelling {
  /// The word that is nearest to another, if it is near enough to be meant: at most two edits away, or a
  /// quarter of its length.
  public static func nearest(to word: String, among words: [String]) -> String? {
    let length = word.count
    let near = words.lazy.filter { abs($0.count - length) <= max(2, length / 4) }
      .map { (word: $0, distance: distance(from: word, to: $0)) }
      .min { $0.distance < $1.distance }
    return near.flatMap { $0.distance <= max(2, length / 4) ? $0.word : nil }
  }

  /// How many edits turn one word into another: a character is added, removed or replaced, or two neighbours
  /// are swapped. This is the distance of Damerau and Levenshtein; no character is edited twice.
  static func distance(from first: String, to second: String) -> Int {
    let (first, second) = (Array(first), Array(second))
    var rows = [Array(0...second.count)]
    for row in 0..<first.count {
      var distances = [row + 1]
      for column in 0..<second.count {
        let isSame = first[row] == second[column]
        var distance = min(
          distances[column] + 1, rows[row][column + 1] + 1, rows[row][column] + (isSame ? 0 : 1))
        if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
          distance = min(distance, rows[row - 1][column - 1] + 1)
        }
        distances.append(distance)
      }
      rows.append(distances)
    }
    return rows[first.count][second.count]
  }
}
