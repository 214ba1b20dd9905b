"""SVC (LIBSVM), random forest and k nearest neighbours of scikit-learn on the pixels that `benches/svm.rs` wrote.

    pip install scikit-learn==1.9.1
    cargo bench --bench svm -- target/svm
    python benches/svm.py target/svm

Both sides train on the same single-precision features with the same C, gamma = 1 / width, tolerance, trees and
neighbours. SVC is timed without probabilities, which would add five more trainings. scikit-learn runs on one core here, and
seglab on all: compare the processors' seconds.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

FEATURES = 18


def read(folder, name):
    pixels = np.fromfile(folder / f"{name}.f32", "<f4").reshape(-1, FEATURES)
    return pixels, np.fromfile(folder / f"{name}.u8", np.uint8).astype(bool)


def balanced_accuracy(predicted, labels):
    return float(np.mean([np.mean(predicted[labels] == 1), np.mean(predicted[~labels] == 0)]))


def seconds(work):
    """On the wall, and of all threads on their processors."""
    wall, processors = time.perf_counter(), time.process_time()
    work()
    return np.array([time.perf_counter() - wall, time.process_time() - processors])


def main():
    folder = Path(sys.argv[1])
    ours = json.loads((folder / "ours.json").read_text())
    (train, train_labels), (test, test_labels) = read(folder, "train"), read(folder, "test")
    theirs = {
        "svm": SVC(C=1.0, gamma=1 / 36, tol=1e-3, cache_size=2000),
        "random-forest": RandomForestClassifier(n_estimators=100, max_features=4, random_state=1, n_jobs=1),
        "knn": KNeighborsClassifier(n_neighbors=15, algorithm="brute", n_jobs=1),
    }
    print(f"{len(train)} training pixels, {len(test)} test pixels")
    for name, classifier in theirs.items():
        fit_s = seconds(lambda: classifier.fit(train, train_labels))
        predicted = None

        def predict():
            nonlocal predicted
            predicted = classifier.predict(test)

        predict_us = seconds(predict) * 1e6 / len(test)
        mine = ours[name]
        probabilities = np.array(mine["probabilities"])
        mine_us = np.array(mine["predict_s"]) * 1e6 / len(test)
        ours_fit = mine["fit_s"]
        print(f"{name}: wall (processors)")
        print(f"  fit {ours_fit[0]:.1f} s ({ours_fit[1]:.1f}) beside {fit_s[0]:.1f} ({fit_s[1]:.1f})")
        print(f"  predict {mine_us[0]:.2f} µs a pixel ({mine_us[1]:.2f}) beside {predict_us[0]:.2f} ({predict_us[1]:.2f})")
        theirs_accuracy = balanced_accuracy(predicted, test_labels)
        print(f"  balanced accuracy {mine['balanced_accuracy']:.4f} beside {theirs_accuracy:.4f}")
        if name == "svm":
            # a decision of 0 is a probability near one half, but Platt's offset moves it: compared at one half
            print(f"  {len(classifier.support_)} support vectors in LIBSVM")
        agree = np.mean((probabilities > 0.5) == predicted)
        print(f"  same answer on {agree:.2%} of the test pixels")
        if name == "knn":
            difference = np.abs(probabilities - classifier.predict_proba(test)[:, 1])
            print(f"  probabilities differ on {np.mean(difference > 1e-6):.4%} of the test pixels")


main()
