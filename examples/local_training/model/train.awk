# Logistic regression by gradient descent, in plain awk. The input is CSV: the
# features of a row, then its class, 0 or 1. Every fifth row is kept for the test.
#
#	awk -f train.awk -v epochs=60 -v rate=1 -v out=FOLDER train.csv

BEGIN { FS = "," }

NR == 1 { features = NF - 1 }

NF == features + 1 {
	set = NR % 5 ? "train" : "test"
	row = ++count[set]
	for (i = 1; i <= NF; i++) value[set, row, i] = $i
}

# score returns how likely a row is of class 1.
function score(set, row,    i, sum) {
	sum = weight[0]
	for (i = 1; i <= features; i++) sum += weight[i] * value[set, row, i]
	return 1 / (1 + exp(-sum))
}

# accuracy returns the share of the rows whose class is told rightly.
function accuracy(set,    row, right) {
	for (row = 1; row <= count[set]; row++) right += (score(set, row) > 0.5) == value[set, row, features + 1]
	return right / count[set]
}

END {
	if (!count["train"] || !count["test"]) {
		print "no rows in " FILENAME > "/dev/stderr"
		exit 1
	}
	for (epoch = 1; epoch <= epochs; epoch++) {
		loss = 0
		for (i = 0; i <= features; i++) gradient[i] = 0
		for (row = 1; row <= count["train"]; row++) {
			class = value["train", row, features + 1]
			p = score("train", row)
			loss -= log(class ? p : 1 - p)
			gradient[0] += p - class
			for (i = 1; i <= features; i++) gradient[i] += (p - class) * value["train", row, i]
		}
		for (i = 0; i <= features; i++) weight[i] -= rate * gradient[i] / count["train"]
		if (epoch % 10 == 0) printf "epoch %d: loss %.4f\n", epoch, loss / count["train"]
	}
	for (i = 0; i <= features; i++) print weight[i] > (out "/weights.txt")
	printf "%.4f\n", accuracy("test") > (out "/accuracy.txt")
	print "done: " count["train"] " rows to train, " count["test"] " to test"
}
