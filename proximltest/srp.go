package proximltest

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math/big"
)

// The server's side of SRP-6a as Cognito speaks it. Every integer that is hashed is written as a signed big-endian number: in the
// fewest bytes, with a zero byte in front when the top bit is set. RFC 5054 pads to the length of N instead, and does not interoperate.

// srpModulus is N, the 3072-bit MODP group (group 15 of RFC 3526), and srpGenerator is g.
var (
	srpModulus, _ = new(big.Int).SetString(""+
		"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"+
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"+
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"+
		"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"+
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"+
		"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"+
		"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"+
		"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF", 16)
	srpGenerator  = big.NewInt(2)
	srpMultiplier = srpHash(srpBytes(srpModulus), srpBytes(srpGenerator)) // k
)

// srpSecretBytes is the size of the server's secret exponent: 256 bits, what RFC 5054 asks for at least.
const srpSecretBytes = 32

// srpBytes writes an integer as it is hashed.
func srpBytes(n *big.Int) []byte {
	digits := n.Bytes()
	if len(digits) == 0 || digits[0]&0x80 != 0 {
		return append([]byte{0}, digits...)
	}
	return digits
}

// srpHash is the SHA-256 of its parts put together, as an integer.
func srpHash(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}

// srpVerifier makes what a user pool keeps in place of a key: g^x, where x hashes the salt, the names and the key.
func srpVerifier(poolName, user, key string, salt *big.Int) *big.Int {
	identity := sha256.Sum256([]byte(poolName + user + ":" + key))
	x := srpHash(srpBytes(salt), identity[:])
	return x.Exp(srpGenerator, x, srpModulus)
}

// srpExchange is one login on its way: what the server knows between its challenge and the answer.
type srpExchange struct {
	verifier       *big.Int
	clientPublic   *big.Int // A
	secret, public *big.Int // b and B
}

// newSRPExchange answers the client's public value, in hex, with the server's own.
func newSRPExchange(clientPublic string, verifier *big.Int) (*srpExchange, error) {
	a, ok := new(big.Int).SetString(clientPublic, 16)
	if !ok || new(big.Int).Mod(a, srpModulus).Sign() == 0 || a.Sign() < 0 {
		return nil, errors.New("SRP_A must be a hexadecimal number, and not 0 modulo N")
	}
	secret := new(big.Int).SetBytes(randomBytes(srpSecretBytes))
	public := new(big.Int).Mul(srpMultiplier, verifier)
	public.Add(public, new(big.Int).Exp(srpGenerator, secret, srpModulus))
	public.Mod(public, srpModulus)
	return &srpExchange{verifier: verifier, clientPublic: a, secret: secret, public: public}, nil
}

// sessionKey is the key that both sides can compute when the client knows the user's key.
func (e *srpExchange) sessionKey() ([]byte, error) {
	u := srpHash(srpBytes(e.clientPublic), srpBytes(e.public))
	shared := new(big.Int).Exp(e.verifier, u, srpModulus)
	shared.Mul(shared, e.clientPublic)
	shared.Exp(shared, e.secret, srpModulus) // (A · v^u)^b
	return hkdf.Key(sha256.New, srpBytes(shared), srpBytes(u), "Caldera Derived Key", 16)
}

// proves tells whether signature is the one over message that only the holder of the user's key can make.
func (e *srpExchange) proves(signature string, message []byte) bool {
	claimed, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	key, err := e.sessionKey()
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(message)
	return hmac.Equal(claimed, mac.Sum(nil))
}

// randomBytes never fails: crypto/rand ends the program where the system gives no random numbers.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
