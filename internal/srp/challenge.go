package srp

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// Bounds for what a server may send, several times what Cognito does send: a
// salt has 32 digits, B 768, a secret block less than 4 KiB.
const (
	maxHexDigits = 2048
	maxTextBytes = 64 << 10
)

// parameters is a Challenge that was decoded and checked.
type parameters struct {
	userID      string
	salt, b     *big.Int
	secretBlock []byte
}

func (ch Challenge) parse() (p parameters, err error) {
	p.userID = ch.UserID
	if err = checkLength("USER_ID_FOR_SRP", ch.UserID, maxTextBytes); err != nil {
		return p, err
	}
	if p.salt, err = parseHex("SALT", ch.Salt); err != nil {
		return p, err
	}
	if p.b, err = parseHex("SRP_B", ch.B); err != nil {
		return p, err
	}
	if new(big.Int).Mod(p.b, cognitoGroup().n).Sign() == 0 {
		return p, errors.New("SRP_B is 0 modulo the prime of the group, which SRP-6a forbids")
	}
	if err = checkLength("SECRET_BLOCK", ch.SecretBlock, maxTextBytes); err != nil {
		return p, err
	}
	if p.secretBlock, err = base64.StdEncoding.DecodeString(ch.SecretBlock); err != nil {
		return p, errors.New("SECRET_BLOCK is not base64")
	}
	return p, nil
}

func checkLength(name, value string, limit int) error {
	if value == "" {
		return fmt.Errorf("%s is missing", name)
	}
	if len(value) > limit {
		return fmt.Errorf("%s has %d bytes, more than the %d that are accepted", name, len(value), limit)
	}
	return nil
}

func parseHex(name, value string) (*big.Int, error) {
	if err := checkLength(name, value, maxHexDigits); err != nil {
		return nil, err
	}
	// SetString alone would take a sign as well.
	n, ok := new(big.Int).SetString(value, 16)
	if !ok || strings.ContainsAny(value, "+-") {
		return nil, fmt.Errorf("%s is not a hexadecimal number", name)
	}
	return n, nil
}
