// Lays the sketch of one picture over that of another: first roughly, from where the hashes say that they
// cover each other, then finer and finer, and says how alike they are where they overlap.

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "dalil/media/fingerprint_search.hpp"

namespace dalil::media {
namespace {

constexpr int kSide = static_cast<int>(kSketchSide);
/// Points in each direction at which the two are compared.
constexpr int kPoints = 24;
/// This share of the points may be anything: what was laid over the picture.
constexpr double kTrimmed = 0.25;
/// Shades by which compression moves what is uniform.
constexpr float kUniform = 4;
/// Less than this of the points within the other picture tells nothing.
constexpr double kLeastOverlap = 0.4;
/// Both correlations together, roughly placed: what is no more alike than this does not become so.
constexpr double kHopeless = 0.7;

/// Intricacy that is asked of hashes kFar bits apart; less of nearer ones. Up to kHardlyMore a picture is
/// hardly more than bands and rectangles, up to kNothingMore it is nothing else: then what there is has to
/// agree so much.
constexpr double kIntricate = 0.012, kHardlyMore = 0.035, kNothingMore = 0.003;
constexpr double kDetailOfHardlyMore = 0.93, kDetailOfNothingMore = 0.97;
/// How far hashes are apart that are of one picture whatever it shows, and how far candidates may be.
constexpr int kNear = 31, kFar = 80;

using Plane = std::array<float, std::size_t{kSketchSide} * kSketchSide>;

Plane plane_of(const Bytes& sketch, Pose pose) {
  Plane plane{};
  const bool transpose = pose >= Pose::transposed;
  const auto which = static_cast<unsigned>(pose);
  const bool mirror = (which & 1) != 0, flip = (which & 2) != 0;
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) {
      const int at_x = mirror ? kSide - 1 - x : x, at_y = flip ? kSide - 1 - y : y;
      const int from = transpose ? at_x * kSide + at_y : at_y * kSide + at_x;
      plane[static_cast<std::size_t>(y * kSide + x)] = sketch[static_cast<std::size_t>(from)];
    }
  return plane;
}

/// What is left when the mean of five by five is taken away.
Plane details_of(const Plane& plane) {
  Plane out{};
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) {
      float sum = 0;
      int count = 0;
      for (int v = std::max(0, y - 2); v <= std::min(kSide - 1, y + 2); ++v)
        for (int u = std::max(0, x - 2); u <= std::min(kSide - 1, x + 2); ++u, ++count)
          sum += plane[static_cast<std::size_t>(v * kSide + u)];
      const auto at = static_cast<std::size_t>(y * kSide + x);
      out[at] = plane[at] - sum / static_cast<float>(count);
    }
  return out;
}

/// Between the middles of the four cells around; x and y from -0.5 to 0.5. Precondition: within the picture.
float value_at(const Plane& plane, double x, double y) {
  const double u = std::clamp((x + 0.5) * kSide - 0.5, 0.0, kSide - 1.001);
  const double v = std::clamp((y + 0.5) * kSide - 0.5, 0.0, kSide - 1.001);
  const int left = static_cast<int>(u), top = static_cast<int>(v);
  const auto fx = static_cast<float>(u - left), fy = static_cast<float>(v - top);
  const float* at = plane.data() + top * kSide + left;
  return (at[0] * (1 - fx) + at[1] * fx) * (1 - fy) + (at[kSide] * (1 - fx) + at[kSide + 1] * fx) * fy;
}

struct Pair {
  float a, b;
};

/// How the points of the question lie in the other: scaled, turned, moved.
struct Placing {
  double across = 1, down = 1, right = 0, below = 0, degrees = 0;
};

/// Calls visit(row, column, x, y, u, v) for every step-th point of the question that lies in the other too:
/// there at u and v.
template <typename Visit>
void for_each_point(const Placing& placing, int step, const Visit& visit) {
  const double angle = placing.degrees * std::numbers::pi / 180;
  const double c = std::cos(angle), s = std::sin(angle);
  for (int i = 0; i < kPoints; i += step)
    for (int j = 0; j < kPoints; j += step) {
      const double x = (j + 0.5) / kPoints - 0.5, y = (i + 0.5) / kPoints - 0.5;
      const double u = (x * c - y * s) * placing.across + placing.right;
      const double v = (x * s + y * c) * placing.down + placing.below;
      if (std::abs(u) <= 0.5 && std::abs(v) <= 0.5) visit(i, j, x, y, u, v);
    }
}

/// Values of both at the points that lie in both.
std::size_t gather(const Plane& a, const Plane& b, const Placing& placing, int step,
                   std::array<Pair, kPoints * kPoints>& pairs) {
  std::size_t count = 0;
  for_each_point(placing, step, [&](int, int, double x, double y, double u, double v) {
    pairs[count++] = {value_at(a, x, y), value_at(b, u, v)};
  });
  return count;
}

/// Row by row.
using Shades = std::array<std::array<double, kPoints>, kPoints>;

/// The rows' products with each other: its eigenvalues are the squares of the singular values.
Shades products_of(const Shades& shades) {
  Shades out;
  for (std::size_t i = 0; i < kPoints; ++i)
    for (std::size_t j = 0; j <= i; ++j)
      out[i][j] = out[j][i] = std::inner_product(shades[i].begin(), shades[i].end(), shades[j].begin(), 0.0);
  return out;
}

/// Takes the largest eigenvalue out of a symmetric matrix without negative ones, by power iteration, and
/// returns it: it may be a bit less where two are nearly the same, and the next one is then more by as much.
double take_largest(Shades& matrix) {
  constexpr int kRounds = 24;
  std::array<double, kPoints> vector, product;
  for (std::size_t i = 0; i < kPoints; ++i) vector[i] = matrix[i][i] + 1e-9 * static_cast<double>(i + 1);
  double value = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < kPoints; ++i)
      product[i] = std::inner_product(vector.begin(), vector.end(), matrix[i].begin(), 0.0);
    value = std::sqrt(std::inner_product(product.begin(), product.end(), product.begin(), 0.0));
    if (value <= 1e-9) return 0;
    for (std::size_t i = 0; i < kPoints; ++i) vector[i] = product[i] / value;
  }
  for (std::size_t i = 0; i < kPoints; ++i)
    for (std::size_t j = 0; j < kPoints; ++j) matrix[i][j] -= value * vector[i] * vector[j];
  return value;
}

double beyond_rank_two(const Shades& shades) {
  Shades products = products_of(shades);
  double all = 0;
  for (std::size_t i = 0; i < kPoints; ++i) all += products[i][i];
  if (all <= 1e-6) return 0;
  const double first = take_largest(products), second = take_largest(products);
  return std::max(0.0, 1 - (first + second) / all);
}

struct Sums {
  double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  void add(const Pair& pair) {
    n += 1, a += pair.a, b += pair.b;
    aa += double{pair.a} * pair.a, bb += double{pair.b} * pair.b, ab += double{pair.a} * pair.b;
  }
  double variance_a() const { return aa - a * a / n; }
  double variance_b() const { return bb - b * b / n; }
  double covariance() const { return ab - a * b / n; }
  double correlation() const {
    const double both = variance_a() * variance_b();
    return both <= 1e-6 ? 0 : covariance() / std::sqrt(both);
  }
};

Sums sums_of(const Pair* pairs, std::size_t count) {
  Sums sums;
  for (std::size_t i = 0; i < count; ++i) sums.add(pairs[i]);
  return sums;
}

/// Correlation of the points that agree best with what most of them say.
double trimmed_correlation(std::array<Pair, kPoints * kPoints>& pairs, std::size_t count) {
  std::size_t kept = count;
  for (int round = 0; round < 3; ++round) {
    const Sums sums = sums_of(pairs.data(), kept);
    if (sums.variance_a() <= 1e-6) return 0;
    const double slope = sums.covariance() / sums.variance_a();
    const double offset = (sums.b - slope * sums.a) / sums.n;
    const auto off = [&](const Pair& pair) { return std::abs(offset + slope * pair.a - pair.b); };
    kept = static_cast<std::size_t>(static_cast<double>(count) * (1 - kTrimmed));
    std::nth_element(pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(kept),
                     pairs.begin() + static_cast<std::ptrdiff_t>(count),
                     [&](const Pair& one, const Pair& other) { return off(one) < off(other); });
  }
  return sums_of(pairs.data(), kept).correlation();
}

/// The two pictures, and how alike they are in some placing.
class Comparison {
 public:
  Comparison(const Bytes& question, const Bytes& other, Pose pose)
      : question_(plane_of(question, pose)),
        other_(plane_of(other, Pose::upright)),
        question_details_(details_of(question_)),
        other_details_(details_of(other_)) {}

  /// Of brightness and of detail together; what covers too little is no placing.
  double rough(const Placing& placing, int step) {
    const std::size_t points = static_cast<std::size_t>((kPoints + step - 1) / step);
    std::size_t count = gather(question_, other_, placing, step, pairs_);
    if (static_cast<double>(count) < kLeastOverlap * static_cast<double>(points * points)) return -1;
    const double brightness = sums_of(pairs_.data(), count).correlation();
    count = gather(question_details_, other_details_, placing, step, pairs_);
    return brightness + sums_of(pairs_.data(), count).correlation();
  }

  Alignment judge(const Placing& placing) {
    Alignment out;
    out.across = placing.across, out.down = placing.down;
    out.right = placing.right, out.below = placing.below, out.degrees = placing.degrees;
    std::size_t count = gather(question_, other_, placing, 1, pairs_);
    if (count < 16) return out;
    const float most_a = most_of(count, &Pair::a), most_b = most_of(count, &Pair::b);
    out.shown = std::min(shown_share(count, &Pair::a, most_a), shown_share(count, &Pair::b, most_b));
    out.intricacy = std::min(intricacy(placing, &Pair::a, most_a), intricacy(placing, &Pair::b, most_b));
    out.altered = altered_share(count);
    out.likeness = trimmed_correlation(pairs_, count);
    count = gather(question_details_, other_details_, placing, 1, pairs_);
    out.detail = trimmed_correlation(pairs_, count);
    return out;
  }

 private:
  /// The shade in the middle of all.
  float most_of(std::size_t count, float Pair::*side) const {
    std::vector<float> shades;
    shades.reserve(count);
    for (std::size_t i = 0; i < count; ++i) shades.push_back(pairs_[i].*side);
    const auto middle = shades.begin() + static_cast<std::ptrdiff_t>(count / 2);
    std::nth_element(shades.begin(), middle, shades.end());
    return *middle;
  }

  double shown_share(std::size_t count, float Pair::*side, float most) const {
    const auto shown = std::count_if(pairs_.begin(), pairs_.begin() + static_cast<std::ptrdiff_t>(count),
                                     [&](const Pair& one) { return std::abs(one.*side - most) > kUniform; });
    return static_cast<double>(shown) / static_cast<double>(count);
  }

  /// What the nearest matrix of rank two leaves of the overlap's squares (Eckart and Young, 1936). What lies
  /// outside of the other picture is of the most common shade.
  double intricacy(const Placing& placing, float Pair::*side, float most) const {
    Shades shades{};
    std::size_t next = 0;
    for_each_point(placing, 1, [&](int row, int column, double, double, double, double) {
      shades[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)] = pairs_[next++].*side - most;
    });
    return beyond_rank_two(shades);
  }

  /// Points that are off by more than a quarter of the other's spread, after the trimmed fit.
  double altered_share(std::size_t count) {
    auto copy = pairs_;
    trimmed_correlation(copy, count);
    const auto kept = static_cast<std::size_t>(static_cast<double>(count) * (1 - kTrimmed));
    const Sums sums = sums_of(copy.data(), kept);
    if (sums.variance_a() <= 1e-6) return 1;
    const double slope = sums.covariance() / sums.variance_a();
    const double offset = (sums.b - slope * sums.a) / sums.n;
    const double spread = std::max(8.0, std::sqrt(sums.variance_b() / sums.n));
    const auto off =
        std::count_if(copy.begin(), copy.begin() + static_cast<std::ptrdiff_t>(count),
                      [&](const Pair& pair) { return std::abs(offset + slope * pair.a - pair.b) > spread; });
    return static_cast<double>(off) / static_cast<double>(count);
  }

  Plane question_, other_, question_details_, other_details_;
  std::array<Pair, kPoints * kPoints> pairs_{};
};

/// From some places near the first one to the best of their surroundings.
Placing improve(Comparison& comparison, const Placing& start) {
  constexpr double kMoves[] = {-0.08, -0.04, 0, 0.04, 0.08}, kScales[] = {0.88, 0.94, 1, 1.06, 1.13};
  Placing best = start;
  double score = comparison.rough(best, 2);
  for (const double scale : kScales)
    for (const double right : kMoves)
      for (const double below : kMoves) {
        const Placing tried{start.across * scale, start.down * scale, start.right + right,
                            start.below + below, 0};
        if (const double found = comparison.rough(tried, 2); found > score) score = found, best = tried;
      }
  if (score < kHopeless) return best;
  score = comparison.rough(best, 1);
  double Placing::*const parameters[] = {&Placing::right, &Placing::below, &Placing::across, &Placing::down,
                                         &Placing::degrees};
  for (double step = 0.03; step > 0.003; step /= 2)
    for (int round = 0; round < 2; ++round)
      for (double Placing::*const parameter : parameters)
        for (const double sign : {-1.0, 1.0}) {
          Placing tried = best;
          tried.*parameter += sign * step * (parameter == &Placing::degrees ? 60 : 1);
          if (const double found = comparison.rough(tried, 1); found > score) score = found, best = tried;
        }
  return best;
}

}  // namespace

std::optional<Alignment> align(const Bytes& question, const Bytes& other, Pose pose, double share_of_question,
                               double share_of_other) {
  constexpr std::size_t kBytes = std::size_t{kSketchSide} * kSketchSide;
  if (question.size() != kBytes || other.size() != kBytes || share_of_question <= 0) return std::nullopt;
  Comparison comparison(question, other, pose);
  Placing start;
  start.across = start.down = share_of_other / share_of_question;
  return comparison.judge(improve(comparison, start));
}

bool convincing(const Alignment& alignment, int distance) {
  if (distance <= kNear)
    return alignment.likeness >= 0.85 &&
           alignment.detail >= (alignment.intricacy > kNothingMore ? 0.3 : kDetailOfNothingMore);
  const double far = static_cast<double>(distance - kNear) / (kFar - kNear);
  // A quarter may be anything. Where no more than that shows anything, the rest is one shade, which is like
  // any other; the further the hashes, the less they make up for it.
  if (alignment.shown <= kTrimmed * far || alignment.intricacy <= kIntricate * far) return false;
  const double least = alignment.intricacy > kHardlyMore ? 0 : kDetailOfHardlyMore;
  return alignment.likeness >= 0.96 && alignment.detail >= std::max(least, 0.6 + 0.35 * far);
}

}  // namespace dalil::media
