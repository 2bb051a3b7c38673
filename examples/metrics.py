"""What predictions on a long tail are worth: of all classes, of each part, of each class."""

import numpy as np

import sau

generator = np.random.default_rng(0)
trained = np.array(sau.long_tailed_counts(500, classes=10, imbalance_factor=100))
labels = np.repeat(np.arange(10), 100)
# A classifier that is right more often where it has seen more.
is_right = generator.random(1000) < (trained / 500)[labels] ** 0.3
predicted = np.where(is_right, labels, generator.integers(0, 10, 1000))
confidence = np.where(is_right, generator.uniform(0.4, 1, 1000), generator.uniform(0.1, 0.8, 1000))

print(f"top-1: {sau.top1(labels, predicted):.2f} %")
for shot, value in sau.top1_by_shots(labels, predicted, trained).items():
    print(f"  {shot}: {value:.2f} %")
print("classes:", sau.shots(trained).tolist())
print("recall of each class:", sau.per_class_recall(labels, predicted).round(1).tolist())
print(f"balanced accuracy: {sau.balanced_accuracy(labels, predicted):.2f} %")
print(f"macro-F1: {sau.macro_f1(labels, predicted):.2f} %")
print(f"ECE: {sau.expected_calibration_error(labels, predicted, confidence):.2f} %")
print(f"AURC: {sau.area_under_risk_coverage(labels, predicted, confidence):.2f} %")
print("class 9 is taken for:", sau.confusion_matrix(labels, predicted)[9].tolist())
