/* Constants and macros of vectors.h for every instruction set. */

#ifdef __GNUC__
#pragma GCC diagnostic ignored "-Wpsabi"
#else
#error "vectors are written as GCC and Clang have them; without them programs run on NumPy"
#endif

/* erf(x) / x as a polynomial in x² on [0, 1], and exp(x²) erfc(x) as one in (x - 3) / (x + 3) on [1, 6], lowest power
   first: interpolated at Chebyshev's points in 60 digits, both within 5e-17 of erf. From 6 on erf is 1 in doubles. */
static const double ERF_SMALL[] = {
  1.1283791670955126, -0.37612638903183543, 0.11283791670945006, -0.02686617064323777,
  0.0052239776071164225, -0.0008548325975389692, 0.00012055294904839707, -1.492473690741966e-05,
  1.6447424703317362e-06, -1.6208483801871705e-07, 1.3720064546777686e-08, -7.795898827002142e-10};
static const double ERFC_LARGE[] = {
  0.17900115118138996, -0.32623356004303716, 0.24560380171233195, -0.15011593650078744,
  0.07166583719774874, -0.024392499318273194, 0.004269136347508256, 0.0007077464443901538,
  -0.0005970623517093284, 4.525472635483354e-05, 6.406182073530546e-05, -1.284889451252353e-05,
  -8.008021319412685e-06, 2.023603179641757e-06, 1.2801900862962662e-06};

#define SIGN_BIT (-0x7fffffffffffffffLL - 1) /* the bit of a double that says negative */

/* Between these, a * b + c may be contracted (rounded once): no such sum has to match eager mode's. */
#ifdef __clang__
#define BEGIN_CONTRACT _Pragma("clang fp contract(fast)")
#define END_CONTRACT _Pragma("clang fp contract(off)")
#else
#define BEGIN_CONTRACT _Pragma("GCC push_options") _Pragma("GCC optimize(\"fp-contract=fast\")")
#define END_CONTRACT _Pragma("GCC pop_options")
#endif
